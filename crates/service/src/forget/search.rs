//! Looking for customers in what is kept of the state: every generation of their partitions' snapshots.

use holdfast_consumer::murmur2_partition;
use holdfast_features::{Piece, Store};
use holdfast_store::{Error, Listed, Manifest, Snapshot, Snapshots};
use serde::Serialize;

use crate::pipeline::{ERASED, Erased, STATE};

/// What one snapshot says of the customers asked for who belong to its partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Generation {
    pub snapshot: String,
    pub partition: i32,
    /// Wall time of the image, ms UTC.
    pub created_ms: Option<i64>,
    /// Newer ones of this partition.
    pub newer: usize,
    /// Those it holds state of.
    pub held: Vec<String>,
    /// Those whose erasure it knows of, and still blocks events for.
    pub blocked: Vec<String>,
    /// Why it could not be searched.
    pub fault: Option<String>,
}

impl Generation {
    /// Whether it shows that it has none of them.
    pub fn is_free(&self) -> bool {
        self.held.is_empty() && self.fault.is_none()
    }
}

/// Searches every snapshot that may hold one of the ids, newest first.
///
/// # Errors
/// When the place cannot be read. A snapshot that cannot be used is no error, but shows nothing either.
pub fn search(snapshots: &Snapshots, ids: &[String]) -> Result<Vec<Generation>, Error> {
    let list = snapshots.list(None)?;
    let mut found = Vec::new();
    for (n, listed) in list.iter().enumerate() {
        let partition = listed.name.partition;
        let asked = match &listed.manifest {
            Ok(manifest) => of_partition(manifest, ids),
            Err(_) => ids.iter().collect(),
        };
        if asked.is_empty() {
            continue;
        }
        let newer = list[..n].iter().filter(|l| l.name.partition == partition);
        let mut generation = Generation {
            snapshot: listed.name.to_string(),
            partition,
            created_ms: listed.manifest.as_ref().ok().map(|m| m.created_ms),
            newer: newer.count(),
            held: Vec::new(),
            blocked: Vec::new(),
            fault: None,
        };
        match load(snapshots, listed) {
            Err(fault) => generation.fault = Some(fault),
            Ok((store, erased)) => {
                let of = |holds: &dyn Fn(&str) -> bool| -> Vec<String> {
                    let ids = asked.iter().filter(|id| holds(id));
                    ids.map(|id| (*id).clone()).collect()
                };
                generation.held = of(&|id| store.find(id).is_some());
                generation.blocked = of(&|id| erased.blocks(id, i64::MIN));
            }
        }
        found.push(generation);
    }
    Ok(found)
}

fn of_partition<'a>(manifest: &Manifest, ids: &'a [String]) -> Vec<&'a String> {
    let own = |id: &&String| {
        let number = murmur2_partition(id.as_bytes(), manifest.partitions.max(1));
        i64::from(number) == i64::from(manifest.partition)
    };
    ids.iter().filter(own).collect()
}

/// The customers of a snapshot and its erasures; or why it cannot be used.
fn load(snapshots: &Snapshots, listed: &Listed) -> Result<(Store, Erased), String> {
    if let Err(fault) = &listed.manifest {
        return Err(fault.to_string());
    }
    let snapshot = snapshots.load(&listed.name).map_err(|e| e.to_string())?;
    let pieces: Vec<Piece> = section(&snapshot, STATE)?;
    let settings = pieces.first().and_then(Piece::settings);
    let settings = settings.ok_or_else(|| "it has no state".to_owned())?;
    let store = Store::restore(settings, 0, &pieces).map_err(|e| e.to_string())?;
    let erased = section(&snapshot, ERASED)?;
    let erased = erased.first().map_or(&[][..], |piece| &piece.bytes);
    let erased = Erased::restore(erased).map_err(|e| e.to_string())?;
    Ok((store, erased))
}

fn section(snapshot: &Snapshot, name: &str) -> Result<Vec<Piece>, String> {
    let pieces = snapshot.section(name).map_err(|e| e.to_string())?;
    let piece = |piece: holdfast_store::Piece| Piece {
        number: piece.number,
        bytes: piece.bytes,
    };
    Ok(pieces.into_iter().map(piece).collect())
}

#[cfg(test)]
mod tests;
