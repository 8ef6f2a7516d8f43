//! Which snapshot may be loaded, and in words why the others may not.

use std::fmt;

use crate::{Fault, Listed, Name, PARTITIONER};

/// What a snapshot must fit to be loaded. `None` compares nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which partition of the input.
    pub partition: i32,
    /// Of how many.
    pub partitions: u32,
    /// The broker's id of the input topic.
    pub topic_id: Option<String>,
    /// The broker's id of the cluster.
    pub cluster_id: Option<String>,
    /// The state's version that this program understands.
    pub logic: u32,
    /// Hash of this program's feature registry.
    pub registry: String,
    /// Hash of the settings that shape the state.
    pub state_hash: String,
    /// The committed offset: state beyond it would lack the alerts in between.
    pub at_most_offset: i64,
    /// Journal entries committed so far.
    pub at_most_entries: Option<u64>,
}

/// Why a snapshot may not be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It cannot be read.
    Faulty(Fault),
    /// Of a topic that was deleted and made again, or of another cluster.
    Foreign {
        /// What differs: topic or cluster.
        what: &'static str,
        /// The id in the snapshot.
        has: String,
        /// The id of today.
        wanted: String,
    },
    /// The topic had another number of partitions, or keys were spread otherwise.
    Partitions {
        /// The snapshot's number and way.
        has: String,
        /// Those of today.
        wanted: String,
    },
    /// State of another meaning: written by another version of this program.
    Logic {
        /// The snapshot's version.
        has: u32,
        /// This program's.
        wanted: u32,
    },
    /// The features or the settings that shape state were others.
    Shape(&'static str),
    /// Taken after the last commit.
    Ahead {
        /// What is ahead: offset or journal entries.
        what: &'static str,
        /// The snapshot's.
        has: i128,
        /// The committed one.
        committed: i128,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Faulty(fault) => write!(f, "{fault}"),
            Self::Foreign { what, has, wanted } => {
                write!(f, "foreign: of the {what} with id {has}, not {wanted}")
            }
            Self::Partitions { has, wanted } => write!(
                f,
                "other partitions: one of {has}, the input has {wanted} (`holdfast rescale` turns one into the other)"
            ),
            Self::Logic { has, wanted } => write!(
                f,
                "other logic: state of version {has}, this program has version {wanted}"
            ),
            Self::Shape(what) => write!(f, "other {what} than today's shaped this state"),
            Self::Ahead {
                what,
                has,
                committed,
            } => write!(f, "ahead: its {what} is {has}, committed is {committed}"),
        }
    }
}

/// What may be loaded, and what may not.
#[derive(Debug, Clone, Default)]
pub struct Choice<'a> {
    /// The usable ones, best first: the newest offset, then the most of the journal, then the youngest.
    pub candidates: Vec<&'a Listed>,
    /// The others of the partition, newest first.
    pub refused: Vec<(&'a Name, Refusal)>,
}

/// Sorts the snapshots of `wanted.partition` in `list` into those that may be loaded and those that may not.
#[must_use]
pub fn choose<'a>(list: &'a [Listed], wanted: &Wanted) -> Choice<'a> {
    let mut choice = Choice::default();
    let mut own: Vec<&Listed> = list
        .iter()
        .filter(|l| l.name.partition == wanted.partition)
        .collect();
    own.sort_by(|a, b| Listed::newest_first(a, b));
    for listed in own {
        match refusal(listed, wanted) {
            None => choice.candidates.push(listed),
            Some(refusal) => choice.refused.push((&listed.name, refusal)),
        }
    }
    choice
}

fn refusal(listed: &Listed, wanted: &Wanted) -> Option<Refusal> {
    let manifest = match &listed.manifest {
        Ok(manifest) => manifest,
        Err(fault) => return Some(Refusal::Faulty(fault.clone())),
    };
    let foreign = |what, has: &Option<String>, wanted: &Option<String>| {
        let (has, wanted) = (has.clone()?, wanted.clone()?);
        (has != wanted).then_some(Refusal::Foreign { what, has, wanted })
    };
    let shape = |what, same: bool| (!same).then_some(Refusal::Shape(what));
    let ahead = |what, has: i128, committed: i128| {
        (has > committed).then_some(Refusal::Ahead {
            what,
            has,
            committed,
        })
    };
    let spread = |partitioner: &str, partitions: u32| format!("{partitions} by {partitioner}");
    let has = spread(&manifest.partitioner, manifest.partitions);
    let today = spread(PARTITIONER, wanted.partitions);
    foreign("topic", &manifest.topic_id, &wanted.topic_id)
        .or_else(|| foreign("cluster", &manifest.cluster_id, &wanted.cluster_id))
        .or_else(|| (has != today).then_some(Refusal::Partitions { has, wanted: today }))
        .or_else(|| {
            (manifest.logic != wanted.logic).then_some(Refusal::Logic {
                has: manifest.logic,
                wanted: wanted.logic,
            })
        })
        .or_else(|| shape("features", manifest.registry == wanted.registry))
        .or_else(|| shape("settings", manifest.state_hash == wanted.state_hash))
        .or_else(|| {
            ahead(
                "offset",
                manifest.offset.into(),
                wanted.at_most_offset.into(),
            )
        })
        .or_else(|| {
            let committed = wanted.at_most_entries?;
            ahead(
                "number of journal entries",
                manifest.journal_entries.into(),
                committed.into(),
            )
        })
}
