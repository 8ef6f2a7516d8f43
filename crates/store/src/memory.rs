//! A store in memory in which calls fail when they are told to: for simulations.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use futures_util::{FutureExt, TryStreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// What is asked of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call<'a> {
    /// To write an object.
    Put(&'a str),
    /// To read one, or to tell its length.
    Get(&'a str),
    /// To remove one.
    Delete(&'a str),
    /// To tell which there are.
    List,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is done.
    Done,
    /// Nothing is done, and an error says so.
    Refused,
    /// Writing: it is done, and an error says that it is not. Else as [`Refused`](Self::Refused).
    Unheard,
    /// Writing: the first half of the bytes is kept, and nobody says so. Else as [`Refused`](Self::Refused).
    Torn,
}

/// Says what becomes of each call. Must not call back.
pub type Fates = Arc<dyn Fn(Call<'_>) -> Fate + Send + Sync>;

/// Objects in memory, and what becomes of calls; clones share the objects.
#[derive(Clone)]
pub struct Memory {
    objects: Arc<InMemory>,
    fates: Fates,
}

impl Memory {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            objects: Arc::default(),
            fates: Arc::new(|_| Fate::Done),
        }
    }

    /// The same objects, seen by somebody whose calls end as `fates` says.
    #[must_use]
    pub fn with_fates(&self, fates: Fates) -> Self {
        Self {
            objects: Arc::clone(&self.objects),
            fates,
        }
    }

    /// Which there are, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let listed = self.objects.list(None).try_collect::<Vec<_>>();
        let listed = listed.now_or_never().and_then(Result::ok);
        let mut names: Vec<String> = listed
            .unwrap_or_default()
            .into_iter()
            .map(|meta| meta.location.to_string())
            .collect();
        names.sort();
        names
    }

    /// Removes one, as a careless hand would.
    pub fn lose(&self, name: &str) {
        self.objects.delete(&Path::from(name)).now_or_never();
    }

    /// Cuts one to half its length, as a failing disk would.
    pub fn cut(&self, name: &str) {
        let path = Path::from(name);
        let read = async { self.objects.get(&path).await?.bytes().await };
        if let Some(Ok(bytes)) = read.now_or_never() {
            let half = bytes.slice(..bytes.len() / 2);
            self.objects.put(&path, half.into()).now_or_never();
        }
    }

    fn fate(&self, call: Call<'_>) -> Result<Fate> {
        match (self.fates)(call) {
            Fate::Refused => Err(refused()),
            Fate::Unheard | Fate::Torn if !matches!(call, Call::Put(_)) => Err(refused()),
            fate => Ok(fate),
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

fn refused() -> object_store::Error {
    object_store::Error::Generic {
        store: "simulated",
        source: "refused".into(),
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("memory")
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.objects.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for Memory {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let fate = self.fate(Call::Put(location.as_ref()))?;
        let payload = if fate == Fate::Torn {
            let bytes = Bytes::from(payload);
            bytes.slice(..bytes.len() / 2).into()
        } else {
            payload
        };
        let result = self.objects.put_opts(location, payload, options).await;
        if fate == Fate::Unheard {
            return Err(refused());
        }
        result
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.objects.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.fate(Call::Get(location.as_ref()))?;
        self.objects.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let memory = self.clone();
        let judged = locations.map(move |location| {
            let location = location?;
            memory.fate(Call::Delete(location.as_ref()))?;
            Ok(location)
        });
        self.objects.delete_stream(judged.boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.fate(Call::List) {
            Ok(_) => self.objects.list(prefix),
            Err(error) => stream::once(async { Err(error) }).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.fate(Call::List)?;
        self.objects.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.objects.copy_opts(from, to, options).await
    }
}
