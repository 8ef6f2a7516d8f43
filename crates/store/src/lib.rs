//! Snapshots of partitions: what makes a restart short, kept in a directory or a bucket.
//!
//! A snapshot is an image of one partition's state at an input offset. This crate knows how the file looks
//! ([`Packer`], [`Snapshot`]), where it is kept ([`Snapshots`], [`Location`]) and which one may be loaded
//! ([`choose`]); it does not know what is in it: state comes and goes as named pieces of bytes.
//!
//! Files are never changed: each is made once under a name that holds its own hash, read back after writing, and
//! removed when enough newer ones are there. So two processes that believe they own a partition cannot harm each
//! other's, and a torn or altered file never passes for a whole one.
//!
//! | module | what is in it |
//! | --- | --- |
//! | `manifest` | [`Manifest`]: the first line of the file, for machines and people |
//! | `layout` | blocks and footer: what lies where |
//! | `packer` | [`Packer`]: pieces in, file out |
//! | `snapshot` | [`Snapshot`]: file in, pieces out; any bytes are an answer or a [`Fault`] |
//! | `name` | [`Name`]: the object's name |
//! | `choice` | [`choose`]: which may be loaded, best first, and why the others may not |
//! | `location` | [`Location`]: a directory or a bucket |
//! | `memory` | [`Memory`]: a store for simulations |
//! | `objects` | the blocking face of `object_store` |
//! | `snapshots` | [`Snapshots`]: publish, list, load, copy, prune |

mod choice;
mod error;
mod layout;
mod location;
mod manifest;
mod memory;
mod name;
mod objects;
mod packer;
#[cfg(feature = "s3")]
mod s3;
mod snapshot;
mod snapshots;

pub use choice::{Choice, Refusal, Wanted, choose};
pub use error::{Error, Fault};
pub use location::Location;
pub use manifest::{FORMAT, Manifest, PARTITIONER, Section};
pub use memory::{Call, Fate, Fates, Memory};
pub use name::Name;
pub use packer::{Packed, Packer};
pub use snapshot::{Piece, Snapshot};
pub use snapshots::{Listed, Pruned, Snapshots, Stored};
