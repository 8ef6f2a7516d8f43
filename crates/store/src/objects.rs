//! The blocking face of `object_store`: a few calls on objects below one place, with errors that name the object.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutPayload};
use tokio::runtime::{Builder, Runtime};

use crate::{Error, Location};

/// How much is asked for at once.
const CHUNK: u64 = 8 << 20;

/// What a crash in the middle of a write leaves is removed when it is so old that no writer can still be at it.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Objects below one place. Calls block, and may come from several threads at once, but not from async code.
#[derive(Debug)]
pub(crate) struct Objects {
    store: Arc<dyn ObjectStore>,
    /// What people call the place.
    place: String,
    /// `None` in a bucket.
    directory: Option<PathBuf>,
    prefix: Path,
    runtime: Runtime,
}

impl Objects {
    /// Opens a place; with `make` a directory that is not there is made, readable by its owner only.
    pub(crate) fn open(location: &Location, make: bool) -> Result<Self, Error> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("snapshot-io")
            .enable_all()
            .build()
            .map_err(Error::Threads)?;
        let (store, prefix): (Arc<dyn ObjectStore>, _) = match location {
            Location::Directory(path) => {
                if make {
                    make_directory(path)?;
                } else if !path.is_dir() {
                    return Err(Error::NoDirectory(location.to_string()));
                }
                let store = LocalFileSystem::new_with_prefix(path)
                    .map_err(|e| Error::of(e, "open", location.to_string()))?;
                (Arc::new(store.with_fsync(true)), Path::default())
            }
            #[cfg(feature = "s3")]
            Location::Bucket { bucket, prefix } => {
                let store = crate::s3::open(bucket)
                    .map_err(|e| Error::of(e, "open", location.to_string()))?;
                (Arc::new(store), Path::from(prefix.as_str()))
            }
            #[cfg(not(feature = "s3"))]
            Location::Bucket { .. } => return Err(Error::Unsupported(location.to_string())),
        };
        let directory = match location {
            Location::Directory(path) => Some(path.clone()),
            Location::Bucket { .. } => None,
        };
        Ok(Self {
            store,
            place: location.to_string(),
            directory,
            prefix,
            runtime,
        })
    }

    /// A store that needs no runtime of its own.
    pub(crate) fn over(store: Arc<dyn ObjectStore>) -> Result<Self, Error> {
        let runtime = Builder::new_current_thread()
            .build()
            .map_err(Error::Threads)?;
        Ok(Self {
            place: store.to_string(),
            store,
            directory: None,
            prefix: Path::default(),
            runtime,
        })
    }

    fn path(&self, name: &str) -> Path {
        let own = name.split('/').filter(|part| !part.is_empty());
        own.fold(self.prefix.clone(), |path, part| path.join(part))
    }

    /// What people call the object.
    pub(crate) fn place(&self, name: &str) -> String {
        format!("{}/{name}", self.place)
    }

    fn error(&self, error: object_store::Error, doing: &'static str, name: &str) -> Error {
        match error {
            object_store::Error::NotFound { .. } => Error::Absent(name.to_owned()),
            other => Error::of(other, doing, self.place(name)),
        }
    }

    /// Writes an object that is not there yet, durably; false if it is there.
    pub(crate) fn create(&self, name: &str, payload: PutPayload) -> Result<bool, Error> {
        match self.put(name, payload, PutMode::Create) {
            Ok(()) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(Error::of(error, "write", self.place(name))),
        }
    }

    /// Writes an object over what may be there.
    pub(crate) fn replace(&self, name: &str, payload: PutPayload) -> Result<(), Error> {
        self.put(name, payload, PutMode::Overwrite)
            .map_err(|e| Error::of(e, "write", self.place(name)))
    }

    fn put(&self, name: &str, payload: PutPayload, mode: PutMode) -> object_store::Result<()> {
        let path = self.path(name);
        let file = self.directory.as_ref().map(|dir| dir.join(name));
        if let Some(folder) = file.as_deref().and_then(std::path::Path::parent) {
            // Should it fail, writing into it says why.
            make_directory(folder).ok();
        }
        let put = self.store.put_opts(&path, payload, mode.into());
        self.runtime.block_on(put).map(drop)?;
        #[cfg(unix)]
        if let Some(file) = file {
            use std::os::unix::fs::PermissionsExt;
            // Best effort: others are kept out by the folder.
            fs::set_permissions(file, fs::Permissions::from_mode(0o600)).ok();
        }
        Ok(())
    }

    /// Length of an object; [`Error::Absent`] if there is none.
    pub(crate) fn length(&self, name: &str) -> Result<u64, Error> {
        let path = self.path(name);
        let head = self.runtime.block_on(self.store.head(&path));
        head.map(|meta| meta.size)
            .map_err(|e| self.error(e, "read", name))
    }

    /// At most `length` bytes from `start` on, which must be inside the object.
    pub(crate) fn range(&self, name: &str, start: u64, length: u64) -> Result<Bytes, Error> {
        let path = self.path(name);
        let range = self.store.get_range(&path, start..start + length);
        self.runtime
            .block_on(range)
            .map_err(|e| self.error(e, "read", name))
    }

    /// Reads an object of `length` bytes from start to end, chunk by chunk.
    pub(crate) fn read(
        &self,
        name: &str,
        length: u64,
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), Error> {
        let mut start = 0;
        while start < length {
            let chunk = self.range(name, start, CHUNK.min(length - start))?;
            if chunk.is_empty() {
                break; // somebody cut it since; the caller's checks will say so
            }
            each(&chunk);
            start += chunk.len() as u64;
        }
        Ok(())
    }

    /// Every object below `folder`, by its name from the place on.
    pub(crate) fn list(&self, folder: &str) -> Result<Vec<(String, ObjectMeta)>, Error> {
        let path = self.path(folder);
        let metas: Result<Vec<ObjectMeta>, _> = self
            .runtime
            .block_on(self.store.list(Some(&path)).try_collect());
        let metas = match metas {
            Ok(metas) => metas,
            Err(object_store::Error::NotFound { .. }) => Vec::new(),
            Err(error) => return Err(Error::of(error, "list", self.place(folder))),
        };
        let skip = self.prefix.parts().count();
        let name = |meta: &ObjectMeta| {
            let parts: Vec<String> = meta
                .location
                .parts()
                .skip(skip)
                .map(|part| part.as_ref().to_owned())
                .collect();
            parts.join("/")
        };
        Ok(metas.into_iter().map(|meta| (name(&meta), meta)).collect())
    }

    /// Removes an object; one that is not there is fine.
    pub(crate) fn remove(&self, name: &str) -> Result<(), Error> {
        let path = self.path(name);
        match self.runtime.block_on(self.store.delete(&path)) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Error::of(error, "remove", self.place(name))),
        }
    }

    /// Removes what crashed writers left in a folder of a directory: files that the listing does not show.
    pub(crate) fn sweep(&self, folder: &str) {
        let Some(directory) = &self.directory else {
            return;
        };
        let Ok(entries) = fs::read_dir(directory.join(folder)) else {
            return;
        };
        let now = SystemTime::now();
        for entry in entries.flatten() {
            let name = entry.file_name();
            let staged = name
                .to_str()
                .and_then(|n| n.rsplit_once('#'))
                .is_some_and(|(_, n)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
            let age = entry.metadata().and_then(|m| m.modified()).ok();
            let age = age.and_then(|at| now.duration_since(at).ok());
            if staged && age.is_some_and(|age| age > ABANDONED) {
                // Best effort: it will be tried again.
                fs::remove_file(entry.path()).ok();
            }
        }
    }
}

/// Snapshots hold the ids of customers, so others of the machine are kept out of every directory that we make.
fn make_directory(path: &std::path::Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| Error::Directory {
        place: path.display().to_string(),
        source,
    })
}
