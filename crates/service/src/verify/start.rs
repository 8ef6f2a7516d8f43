//! Where a partition's recomputation begins: at the log's start, or with a snapshot.

use std::collections::VecDeque;

use holdfast_features::{LOGIC, registry_hash};
use holdfast_policy::journal::{Entry, Pack};
use holdfast_store::{Listed, Snapshots, Wanted, choose};

use super::Args;
use super::engines::Engines;
use super::place::{Commit, Place};
use crate::config::Settings;
use crate::pipeline::Partition;
use crate::run::{JournalLog, Regime, RunError, between};

const UNFIT: &str = "no snapshot to begin with";

/// What a recomputation needs beside the input.
pub(super) struct Start {
    pub(super) partition: i32,
    /// Of how many.
    pub(super) partitions: u32,
    pub(super) from: i64,
    pub(super) to: i64,
    /// None is the state of nobody.
    pub(super) state: Option<Partition>,
    pub(super) regime: Option<Regime>,
    /// What the journal has before `from`; none where its start is gone.
    pub(super) past: Option<Vec<Entry>>,
    /// And from there on.
    pub(super) entries: VecDeque<Entry>,
    pub(super) snapshot: Option<String>,
}

pub(super) struct Archive<'a> {
    engines: &'a Engines,
    journal: JournalLog,
    snapshots: Option<Snapshots>,
    wanted: Option<&'a str>,
}

impl<'a> Archive<'a> {
    pub(super) fn open(
        settings: &Settings,
        engines: &'a Engines,
        place: &Place,
        args: &'a Args,
    ) -> anyhow::Result<Self> {
        let location = &settings.snapshot.location;
        let opened = Snapshots::open(location, &settings.app.id, settings.input_name());
        let wanted = args.from_snapshot.as_deref();
        let snapshots = match (opened, wanted) {
            (Ok(snapshots), _) => Some(snapshots),
            // They are asked for only where nothing else helps.
            (Err(_), None) => None,
            (Err(error), Some(_)) => return Err(error.into()),
        };
        if let (Some(name), Some(snapshots)) = (wanted, &snapshots)
            && !["oldest", "latest"].contains(&name)
        {
            snapshots.name(name)?;
        }
        Ok(Self {
            engines,
            journal: place.journal(),
            snapshots,
            wanted,
        })
    }

    pub(super) fn engines(&self) -> &'a Engines {
        self.engines
    }

    /// Where to begin, or why the partition cannot be recomputed.
    pub(super) fn start(&self, commit: &Commit) -> Result<Result<Start, String>, RunError> {
        let packs = self.packs(commit, 0)?;
        let to = commit.metadata.journal;
        let whole = between(packs, 0, to);
        let Found {
            fit,
            refused,
            is_rescaled,
        } = self.candidates(commit)?;
        let own = |name: &str| -> Vec<&Listed> {
            let same = fit.iter().filter(|l| l.name.to_string() == name);
            same.collect()
        };
        let of_this = |name: &str| refused.iter().any(|text| text.starts_with(name));
        let (lost, chosen): (String, Vec<&Listed>) = match self.wanted {
            Some("latest") => (UNFIT.to_owned(), fit.iter().collect()),
            Some("oldest") => (UNFIT.to_owned(), fit.iter().rev().collect()),
            Some(name) if !own(name).is_empty() || of_this(name) => (UNFIT.to_owned(), own(name)),
            _ => {
                let lost = match &whole {
                    _ if is_rescaled => {
                        "the input had another number of partitions before".to_owned()
                    }
                    _ if commit.begin > 0 => format!("the log starts at offset {}", commit.begin),
                    Ok(entries) => return Ok(Ok(from_the_start(commit, entries.clone()))),
                    Err(fault) => fault.clone(),
                };
                (lost, fit.iter().rev().collect())
            }
        };
        let start = self.first_of(commit, &chosen, whole.ok().as_ref());
        Ok(start.map_err(|faults| words(&lost, &[refused, faults].concat())))
    }

    /// The committed packs; a live run's later ones are left out.
    fn packs(&self, commit: &Commit, from: i64) -> Result<Vec<Pack>, RunError> {
        let to = commit.metadata.journal;
        let mut packs = self.journal.read(commit.partition, from)?;
        packs.retain(|pack| pack.first < to);
        for pack in &mut packs {
            let room = usize::try_from(to - pack.first).unwrap_or(usize::MAX);
            pack.entries.truncate(room);
        }
        Ok(packs)
    }

    /// Snapshots that fit, newest first, and why others do not.
    fn candidates(&self, commit: &Commit) -> Result<Found, RunError> {
        let Some(snapshots) = &self.snapshots else {
            return Ok(Found::default());
        };
        let listed = snapshots
            .list(None)
            .map_err(|fault| RunError::Temporary(format!("snapshots: {fault}")))?;
        // Of any partition: one that is new has no snapshot of before.
        let mut manifests = listed.iter().filter_map(|l| l.manifest.as_ref().ok());
        let is_rescaled = manifests.any(|manifest| {
            // Customers before the first record came from elsewhere.
            manifest.partitions != commit.partitions
                || (manifest.offset == 0 && manifest.customers > 0)
        });
        let wanted = Wanted {
            partition: commit.partition,
            partitions: commit.partitions,
            topic_id: None,
            cluster_id: None,
            logic: LOGIC,
            registry: registry_hash(),
            state_hash: self.engines.state_hash().to_owned(),
            at_most_offset: commit.offset,
            at_most_entries: Some(commit.metadata.journal),
        };
        let choice = choose(&listed, &wanted);
        let mut refused: Vec<String> = choice
            .refused
            .iter()
            .map(|(name, why)| format!("{name}: {why}"))
            .collect();
        let (fit, old): (Vec<&Listed>, Vec<&Listed>) = choice
            .candidates
            .into_iter()
            .partition(|listed| listed.name.offset >= commit.begin);
        refused.extend(old.iter().map(|listed| {
            let (name, begin) = (&listed.name, commit.begin);
            format!("{name}: the log starts at {begin}, behind it")
        }));
        Ok(Found {
            fit: fit.into_iter().cloned().collect(),
            refused,
            is_rescaled,
        })
    }

    fn first_of(
        &self,
        commit: &Commit,
        chosen: &[&Listed],
        whole: Option<&VecDeque<Entry>>,
    ) -> Result<Start, Vec<String>> {
        let mut faults = Vec::new();
        for listed in chosen {
            match self.load(commit, listed, whole) {
                Ok(start) => return Ok(start),
                Err(fault) => faults.push(format!("{}: {fault}", listed.name)),
            }
        }
        Err(faults)
    }

    fn load(
        &self,
        commit: &Commit,
        listed: &Listed,
        whole: Option<&VecDeque<Entry>>,
    ) -> Result<Start, String> {
        let snapshots = self.snapshots.as_ref().ok_or("no store")?;
        let snapshot = snapshots.load(&listed.name).map_err(|e| e.to_string())?;
        let manifest = snapshot.manifest();
        let regime = Regime {
            model_sha256: manifest.model_sha256.clone(),
            config_hash: manifest.config_hash.clone(),
        };
        let settings = self.engines.of(&regime).unwrap_or(self.engines.any());
        let state = Partition::restore(settings, &snapshot)?;
        let (past, entries) = if let Some(whole) = whole {
            let at = usize::try_from(manifest.journal_entries).unwrap_or(usize::MAX);
            let mut past: Vec<Entry> = whole.iter().cloned().collect();
            let entries = past.split_off(at.min(past.len()));
            (Some(past), entries.into())
        } else {
            let packs = self.packs(commit, manifest.journal_offset);
            let packs = packs.map_err(|e| e.to_string())?;
            let to = commit.metadata.journal;
            (None, between(packs, manifest.journal_entries, to)?)
        };
        Ok(Start {
            partition: commit.partition,
            partitions: commit.partitions,
            from: manifest.offset,
            to: commit.offset,
            state: Some(state),
            regime: Some(regime),
            past,
            entries,
            snapshot: Some(listed.name.to_string()),
        })
    }
}

/// Snapshots of one partition.
#[derive(Default)]
struct Found {
    /// Newest first.
    fit: Vec<Listed>,
    /// The others, each with its reason.
    refused: Vec<String>,
    /// There are some of another number of partitions: the log before them had customers elsewhere.
    is_rescaled: bool,
}

fn from_the_start(commit: &Commit, entries: VecDeque<Entry>) -> Start {
    Start {
        partition: commit.partition,
        partitions: commit.partitions,
        from: commit.begin,
        to: commit.offset,
        state: None,
        regime: None,
        past: Some(Vec::new()),
        entries,
        snapshot: None,
    }
}

fn words(lost: &str, refused: &[String]) -> String {
    match refused {
        [] => format!("{lost}, and there is no snapshot that fits"),
        some => format!("{lost}, and no snapshot fits: {}", some.join("; ")),
    }
}
