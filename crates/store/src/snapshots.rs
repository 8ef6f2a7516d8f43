//! Publishing, listing, loading, copying and removing snapshots of one application and topic.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::layout::LINE;
use crate::objects::Objects;
use crate::packer::hex;
use crate::snapshot::{check_length, header};
use crate::{Error, Fault, Location, Manifest, Memory, Name, Packed, Snapshot};

/// How much of a file is read for its first line; longer ones take a second look.
const FIRST: u64 = 16 << 10;

/// The fewest generations that [`Snapshots::prune`] leaves: a damaged newest one must never be the last one.
const FEWEST: usize = 3;

/// The snapshots of one application and topic in one place.
///
/// Calls block; they may come from several threads at once, but not from async code.
#[derive(Debug)]
pub struct Snapshots {
    objects: Objects,
    app: String,
    topic: String,
}

/// A snapshot that was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its name.
    pub name: Name,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
}

/// A snapshot that is there. Its first line was read and its length compared with it; its blocks were not read.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its name.
    pub name: Name,
    /// The first line, or why it cannot be used.
    pub manifest: Result<Manifest, Fault>,
    /// Its length.
    pub bytes: u64,
    /// Wall time of its writing, ms UTC.
    pub modified_ms: i64,
}

impl Listed {
    /// The order in which snapshots are tried: by partition, then the newest offset, the most of the journal, the
    /// youngest.
    #[must_use]
    pub fn newest_first(a: &Self, b: &Self) -> Ordering {
        let key = |l: &Self| {
            let manifest = l.manifest.as_ref();
            let journal = manifest.map_or(0, |m| m.journal_entries);
            let created = manifest.map_or(l.modified_ms, |m| m.created_ms);
            (l.name.offset, journal, created)
        };
        let names = || a.name.sha12.cmp(&b.name.sha12);
        let partitions = a.name.partition.cmp(&b.name.partition);
        partitions.then(key(b).cmp(&key(a))).then_with(names)
    }
}

/// What [`Snapshots::prune`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Those that are left.
    pub kept: usize,
    /// Those that were removed.
    pub removed: Vec<Name>,
}

impl Snapshots {
    /// Opens a place for reading: a directory must be there.
    ///
    /// # Errors
    /// If the place cannot be opened.
    pub fn open(location: &Location, app: &str, topic: &str) -> Result<Self, Error> {
        Self::new(Objects::open(location, false)?, app, topic)
    }

    /// Opens a place for writing: makes a missing directory, and writes, reads and removes a small object, so that a
    /// read-only directory or a wrong credential is found now.
    ///
    /// # Errors
    /// If the place cannot be written, read or cleaned.
    pub fn create(location: &Location, app: &str, topic: &str) -> Result<Self, Error> {
        let snapshots = Self::new(Objects::open(location, true)?, app, topic)?;
        let probe = format!("{app}/{topic}/.probe-{}", std::process::id());
        let objects = &snapshots.objects;
        objects.replace(&probe, "probe".into())?;
        let back = objects.range(&probe, 0, 5);
        objects.remove(&probe)?;
        if back? != "probe".as_bytes() {
            let place = objects.place(&probe);
            return Err(Error::ReadBack { place });
        }
        Ok(snapshots)
    }

    /// Snapshots in memory.
    ///
    /// # Errors
    /// If there is no way to call it.
    pub fn in_memory(memory: &Memory, app: &str, topic: &str) -> Result<Self, Error> {
        Self::new(Objects::over(Arc::new(memory.clone()))?, app, topic)
    }

    fn new(objects: Objects, app: &str, topic: &str) -> Result<Self, Error> {
        Ok(Self {
            objects,
            app: app.to_owned(),
            topic: topic.to_owned(),
        })
    }

    /// Writes a snapshot durably and reads it back. The same snapshot there already is fine.
    ///
    /// # Errors
    /// If it cannot be written or does not read back; nothing that was there before is lost by that.
    pub fn publish(&self, packed: &Packed) -> Result<Stored, Error> {
        let name = packed.name.to_string();
        self.own(&packed.name)?;
        let created = self.objects.create(&name, packed.payload.clone())?;
        if !self.reads_back(&name, packed)? {
            if created {
                // It would be refused by its name in any case; gone, it misleads nobody.
                self.objects.remove(&name)?;
                let place = self.objects.place(&name);
                return Err(Error::ReadBack { place });
            }
            // The name holds the hash, so what lies there under it is a damaged copy.
            self.objects.replace(&name, packed.payload.clone())?;
            if !self.reads_back(&name, packed)? {
                let place = self.objects.place(&name);
                return Err(Error::ReadBack { place });
            }
        }
        Ok(Stored {
            name: packed.name.clone(),
            bytes: packed.bytes,
            sha256: packed.sha256.clone(),
        })
    }

    fn reads_back(&self, name: &str, packed: &Packed) -> Result<bool, Error> {
        let length = self.objects.length(name)?;
        if length != packed.bytes {
            return Ok(false);
        }
        let mut sha = Sha256::new();
        self.objects.read(name, length, |chunk| sha.update(chunk))?;
        Ok(hex(&sha.finalize()) == packed.sha256)
    }

    /// The snapshots of one partition or of all, by partition, newest first. Objects of other names are left out.
    ///
    /// # Errors
    /// If the place cannot be listed or read. A file that is damaged is in the list, with its fault.
    pub fn list(&self, partition: Option<i32>) -> Result<Vec<Listed>, Error> {
        let folder = match partition {
            Some(partition) => format!("{}/{}/{partition}", self.app, self.topic),
            None => format!("{}/{}", self.app, self.topic),
        };
        let mut list = Vec::new();
        for (text, meta) in self.objects.list(&folder)? {
            let Ok(name) = text.parse::<Name>() else {
                continue;
            };
            let manifest = match self.header(&name, meta.size) {
                Ok(manifest) => manifest,
                Err(Error::Absent(_)) => continue, // removed since by another process
                Err(error) => return Err(error),
            };
            list.push(Listed {
                name,
                manifest,
                bytes: meta.size,
                modified_ms: meta.last_modified.timestamp_millis(),
            });
        }
        list.sort_by(Listed::newest_first);
        Ok(list)
    }

    fn header(&self, name: &Name, length: u64) -> Result<Result<Manifest, Fault>, Error> {
        let text = name.to_string();
        if length == 0 {
            return Ok(Err(Fault::Truncated("the file is empty".to_owned())));
        }
        let first = self.objects.range(&text, 0, FIRST.min(length))?;
        let mut read = header(&first);
        if length > FIRST && !first.contains(&b'\n') {
            let long = self.objects.range(&text, 0, length.min(LINE as u64))?;
            read = header(&long);
        }
        Ok(read.and_then(|(manifest, line)| {
            check_length(&manifest, line, length)?;
            let same = manifest.app == name.app
                && manifest.topic == name.topic
                && manifest.partition == name.partition
                && manifest.offset == name.offset
                && manifest.logic == name.logic;
            if same {
                Ok(manifest)
            } else {
                let Manifest { app, topic, .. } = &manifest;
                let (partition, offset) = (manifest.partition, manifest.offset);
                Err(Fault::Foreign(format!(
                    "the file is of {app}/{topic}/{partition} at {offset}"
                )))
            }
        }))
    }

    /// Reads a snapshot and checks it whole.
    ///
    /// # Errors
    /// [`Error::Absent`] if it is not there, [`Error::Unusable`] if it is damaged; then another one may serve.
    pub fn load(&self, name: &Name) -> Result<Snapshot, Error> {
        self.own(name)?;
        let text = name.to_string();
        let length = self.objects.length(&text)?;
        let mut file = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        self.objects
            .read(&text, length, |chunk| file.extend_from_slice(chunk))?;
        Snapshot::read(file, Some(name)).map_err(|source| Error::Unusable { name: text, source })
    }

    /// Copies a snapshot to another place, as it is, after checking it whole.
    ///
    /// # Errors
    /// As of [`Snapshots::load`] here and of [`Snapshots::publish`] there.
    pub fn copy_to(&self, name: &Name, other: &Self) -> Result<Stored, Error> {
        let snapshot = self.load(name)?;
        snapshot.check().map_err(|source| Error::Unusable {
            name: name.to_string(),
            source,
        })?;
        other.publish(&snapshot.into_packed())
    }

    /// Removes old generations of a partition: all but the newest `keep` offsets (at least 3), and of one offset all
    /// but the newest. What cannot be read is neither counted nor removed. Also removes what crashed writers left.
    ///
    /// # Errors
    /// If the place cannot be listed, or an object not removed.
    pub fn prune(&self, partition: i32, keep: usize) -> Result<Pruned, Error> {
        let list = self.list(Some(partition))?;
        let mut offsets = BTreeSet::new();
        let mut pruned = Pruned::default();
        for listed in list.iter().filter(|l| l.manifest.is_ok()) {
            let fresh = offsets.insert(listed.name.offset);
            if fresh && offsets.len() <= keep.max(FEWEST) {
                pruned.kept += 1;
                continue;
            }
            self.objects.remove(&listed.name.to_string())?;
            pruned.removed.push(listed.name.clone());
        }
        let Self { app, topic, .. } = self;
        self.objects.sweep(&format!("{app}/{topic}/{partition}"));
        Ok(pruned)
    }

    /// Removes one snapshot; one that is not there is fine.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn remove(&self, name: &Name) -> Result<(), Error> {
        self.own(name)?;
        self.objects.remove(&name.to_string())
    }

    /// The name that `text` gives, if it is one of this application and topic.
    ///
    /// # Errors
    /// If it is not.
    pub fn name(&self, text: &str) -> Result<Name, Error> {
        let name = text.parse::<Name>().ok();
        let own = name.filter(|n| n.app == self.app && n.topic == self.topic);
        own.ok_or_else(|| Error::Name {
            name: text.to_owned(),
            of: format!("{}/{}", self.app, self.topic),
        })
    }

    fn own(&self, name: &Name) -> Result<(), Error> {
        self.name(&name.to_string()).map(drop)
    }
}
