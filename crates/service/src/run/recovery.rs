//! What a partition begins with: a snapshot, the journal behind it, and what speaks against going on.
//!
//! Order matters. The transactions of whoever had the partition before are over by now and the committed offset is
//! known. Then the journal is read to its end, then the newest usable snapshot at or before the committed offset is
//! loaded; the input is read from there.

mod faults;
mod place;

use std::collections::VecDeque;
use std::sync::Arc;

use holdfast_consumer::{Assigned, Refusal};
use holdfast_features::{LOGIC, registry_hash};
use holdfast_policy::journal::{Entry, Pack};
use holdfast_producer::Metadata;
use holdfast_store::{Listed, Manifest, Snapshots, Wanted, choose};
use tracing::{info, warn};

use super::error::chain;
use super::journal::{JournalLog, between};
use super::{Resume, Shared};
use crate::pipeline::Partition;
pub(super) use place::open_snapshots;

/// What decides: model and policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Regime {
    pub(crate) model_sha256: String,
    pub(crate) config_hash: String,
}

/// What outlives a process.
pub(super) struct Archive {
    pub(super) journal: Arc<JournalLog>,
    /// None where no snapshots are kept.
    pub(super) snapshots: Option<Arc<Snapshots>>,
}

/// Where a partition begins, and with what.
pub(super) struct Recovered {
    /// Reading starts here.
    pub(super) begin: i64,
    /// Below this offset everything has been committed.
    pub(super) target: i64,
    /// None is the state of nobody.
    pub(super) state: Option<Box<Partition>>,
    /// What the journal has between `begin` and `target`.
    pub(super) entries: VecDeque<Entry>,
    /// Entries before those.
    pub(super) journal: u64,
    /// What decided at `begin`; none before the first decision.
    pub(super) regime: Option<Regime>,
    pub(super) fired: Option<i64>,
    /// Hash of the input before `begin`, where it is known.
    pub(super) trail: Option<u64>,
    /// And before `target`, as the commit has it.
    pub(super) committed_trail: Option<u64>,
    /// Offset of the snapshot that was loaded.
    pub(super) snapshot: Option<i64>,
}

impl Recovered {
    fn empty(begin: i64, target: i64) -> Self {
        Self {
            begin,
            target,
            state: None,
            entries: VecDeque::new(),
            journal: 0,
            regime: None,
            fired: None,
            trail: u64::try_from(begin).ok(),
            committed_trail: None,
            snapshot: None,
        }
    }
}

/// What is known of a partition before anything is loaded.
struct Known<'a> {
    shared: &'a Shared,
    assigned: &'a Assigned,
    /// Snapshots of the partition.
    listed: &'a [Listed],
    /// Partitions of the input.
    partitions: u32,
    /// Of the commit.
    metadata: Option<Metadata>,
}

impl Archive {
    /// # Errors
    /// When going on would lose or double something; the text says what, and what can be done. When the journal or the
    /// list of snapshots cannot be read now: what a broker or a bucket does not answer is not taken for missing.
    pub(super) fn recover(
        &self,
        shared: &Shared,
        assigned: &Assigned,
        partitions: u32,
    ) -> Result<Recovered, Refusal> {
        let listed = self.list(assigned.partition)?;
        let known = Known {
            shared,
            assigned,
            listed: &listed,
            partitions,
            metadata: assigned
                .committed
                .as_ref()
                .and_then(|(_, text)| Metadata::from_json(text)),
        };
        let faults = faults::faults(
            assigned,
            known.metadata.as_ref(),
            partitions,
            shared.state_hash(),
        );
        let accepted = |faults: &[String]| {
            if faults.is_empty() || shared.options.accept_gap {
                for fault in faults {
                    warn!(partition = assigned.partition, "accepted: {fault}");
                }
                return Ok(());
            }
            let text = faults.join("; ");
            Err(Refusal::Gap(format!(
                "{text}; start with --on-gap=accept to go on without a promise about alerts missed or sent twice"
            )))
        };
        accepted(&faults)?;
        let Some((committed, _)) = &assigned.committed else {
            let gone = (assigned.begin > 0).then(|| {
                let begin = assigned.begin;
                format!("the log starts at offset {begin}, records before it are gone")
            });
            return match self.without_commit(&known)? {
                Some(recovered) => Ok(recovered),
                None => {
                    accepted(gone.as_slice())?;
                    Ok(Recovered::empty(assigned.begin, assigned.begin))
                }
            };
        };
        let target = assigned.end.map_or(*committed, |end| end.min(*committed));
        let refused = match self.by_snapshot(&known, target)? {
            Ok(recovered) => return Ok(recovered),
            Err(refused) => refused,
        };
        if assigned.begin > 0 {
            accepted(&[faults::lost(assigned, &refused)])?;
        }
        self.whole_log(&known, target.max(assigned.begin), &accepted)
    }

    fn list(&self, partition: i32) -> Result<Vec<Listed>, Refusal> {
        let Some(snapshots) = &self.snapshots else {
            return Ok(Vec::new());
        };
        snapshots.list(Some(partition)).map_err(|fault| {
            let text = chain(&fault);
            if fault.is_transient() {
                Refusal::Temporary(text)
            } else {
                Refusal::Gap(text)
            }
        })
    }

    /// With the newest snapshot that can be used; else why none can.
    fn by_snapshot(
        &self,
        known: &Known<'_>,
        target: i64,
    ) -> Result<Result<Recovered, Vec<String>>, Refusal> {
        let (mut refused, mut first) = (Vec::new(), None);
        for candidate in self.candidates(known, target, &mut refused) {
            match self.load(known, candidate, target) {
                Ok(recovered) => {
                    first = Some(recovered);
                    break;
                }
                Err(Refusal::Gap(fault)) => refused.push(format!("{}: {fault}", candidate.name)),
                Err(temporary) => return Err(temporary),
            }
        }
        // Also when an older one will do: a damaged snapshot is never passed over in silence.
        for reason in &refused {
            warn!(
                partition = known.assigned.partition,
                "snapshot not used: {reason}"
            );
        }
        Ok(first.ok_or(refused))
    }

    /// Snapshots that fit, newest first; why others do not goes to `refused`.
    fn candidates<'a>(
        &self,
        known: &Known<'a>,
        target: i64,
        refused: &mut Vec<String>,
    ) -> Vec<&'a Listed> {
        let wanted = Wanted {
            partition: known.assigned.partition,
            partitions: known.partitions,
            topic_id: None,
            cluster_id: known.shared.status.cluster.get().cloned(),
            logic: LOGIC,
            registry: registry_hash(),
            state_hash: known.shared.state_hash().to_owned(),
            at_most_offset: target,
            at_most_entries: known.metadata.as_ref().map(|metadata| metadata.journal),
        };
        let choice = choose(known.listed, &wanted);
        refused.extend(
            choice
                .refused
                .iter()
                .map(|(name, why)| format!("{name}: {why}")),
        );
        let begin = known.assigned.begin;
        let (fit, old): (Vec<_>, Vec<_>) = choice
            .candidates
            .into_iter()
            .partition(|listed| listed.name.offset >= begin);
        for listed in old {
            refused.push(format!(
                "{}: is of offset {}, and the log starts at {begin}",
                listed.name, listed.name.offset
            ));
        }
        fit
    }

    fn load(&self, known: &Known<'_>, listed: &Listed, target: i64) -> Result<Recovered, Refusal> {
        let Some(snapshots) = &self.snapshots else {
            return Err(Refusal::Gap("no store".to_owned()));
        };
        known.shared.status.beat();
        let snapshot = snapshots
            .load(&listed.name)
            .map_err(|fault| Refusal::Gap(chain(&fault)))?;
        let manifest = snapshot.manifest();
        known.shared.status.beat();
        let entries = self.entries(known, manifest)?;
        known.shared.status.beat();
        let state =
            Partition::restore(&known.shared.active().settings, &snapshot).map_err(Refusal::Gap)?;
        info!(
            partition = manifest.partition,
            offset = manifest.offset,
            committed = target,
            customers = manifest.customers,
            name = %listed.name,
            "snapshot loaded"
        );
        Ok(Recovered {
            begin: manifest.offset,
            target,
            state: Some(Box::new(state)),
            entries,
            journal: manifest.journal_entries,
            regime: Some(Regime {
                model_sha256: manifest.model_sha256.clone(),
                config_hash: manifest.config_hash.clone(),
            }),
            fired: manifest.fired,
            trail: manifest.input,
            committed_trail: known.metadata.as_ref().and_then(|m| m.input),
            snapshot: Some(manifest.offset),
        })
    }

    /// The journal behind a snapshot.
    fn entries(&self, known: &Known<'_>, manifest: &Manifest) -> Result<VecDeque<Entry>, Refusal> {
        let packs = self.packs(manifest.partition, manifest.journal_offset)?;
        let to = known
            .metadata
            .as_ref()
            .map_or(manifest.journal_entries, |m| m.journal);
        between(packs, manifest.journal_entries, to).map_err(Refusal::Gap)
    }

    fn packs(&self, partition: i32, from: i64) -> Result<Vec<Pack>, Refusal> {
        self.journal.read(partition, from).map_err(Refusal::from)
    }

    /// Without a snapshot.
    fn whole_log(
        &self,
        known: &Known<'_>,
        target: i64,
        accepted: &dyn Fn(&[String]) -> Result<(), Refusal>,
    ) -> Result<Recovered, Refusal> {
        let partition = known.assigned.partition;
        let begin = known.assigned.begin;
        let to = known.metadata.as_ref().map_or(0, |m| m.journal);
        let entries = self
            .packs(partition, 0)
            .and_then(|packs| between(packs, 0, to).map_err(Refusal::Gap));
        let entries = match entries {
            Ok(entries) => entries,
            Err(Refusal::Gap(fault)) => {
                accepted(&[fault])?;
                VecDeque::new()
            }
            Err(temporary) => return Err(temporary),
        };
        if target > begin {
            info!(
                partition,
                begin,
                committed = target,
                "rebuilding the state from the log's start"
            );
        }
        Ok(Recovered {
            entries,
            // What was before a log's first record nobody can tell.
            trail: (begin == 0).then_some(0),
            committed_trail: known.metadata.as_ref().and_then(|m| m.input),
            ..Recovered::empty(begin, target)
        })
    }

    /// No offset is committed: a first start (none), or the group's offsets were lost or removed by a tool.
    fn without_commit(&self, known: &Known<'_>) -> Result<Option<Recovered>, Refusal> {
        let assigned = known.assigned;
        let packs = self.packs(assigned.partition, 0)?;
        let newest = known.listed.iter().map(|listed| listed.name.offset).max();
        let last = packs.iter().map(|pack| pack.offset).max().max(newest);
        let Some(last) = last else { return Ok(None) };
        let Some(resume) = known.shared.options.resume else {
            return Err(Refusal::Gap(format!(
                "no offset is committed, but there was a run up to offset {last} at least: the group's offsets are \
                 gone. Choose: --resume=snapshot (newest snapshot and journal; what followed offset {last} is worked \
                 anew), --resume=earliest (the same from the log's start), --resume=latest (nobody is known, only new \
                 records count)"
            )));
        };
        let journal = packs
            .iter()
            .map(|pack| pack.first + pack.entries.len() as u64)
            .max()
            .unwrap_or(0);
        let target = assigned.end.map_or(last, |end| end.min(last));
        let known = Known {
            metadata: Some(Metadata {
                journal,
                ..Metadata::default()
            }),
            ..*known
        };
        let everything = |fault: &[String]| match fault {
            [] => Ok(()),
            faults => Err(Refusal::Gap(faults.join("; "))),
        };
        match resume {
            Resume::Snapshot => self
                .by_snapshot(&known, target)?
                .map(Some)
                .map_err(|refused| Refusal::Gap(faults::lost(assigned, &refused))),
            Resume::Earliest => self
                .whole_log(&known, target.max(assigned.begin), &everything)
                .map(Some),
            Resume::Latest => {
                let end = assigned.end.unwrap_or(assigned.begin);
                Ok(Some(Recovered {
                    journal,
                    ..Recovered::empty(end, end)
                }))
            }
        }
    }
}
