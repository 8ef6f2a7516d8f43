//! What all threads of a run have in common.

use std::sync::{Arc, PoisonError, RwLock};

use super::Stop;
use super::clock::Time;
use super::recovery::Regime;
use super::snapshots::Snapshotting;
use super::status::{Status, Watcher};
use crate::config::Settings;
use crate::pipeline;

/// How to run, beside the configuration.
#[derive(Clone, Default)]
pub struct Options {
    /// Read to the end found at the start, fire what is due by then, commit and return.
    pub until_end: bool,
    /// Go on although records are missing, or the state was built with other settings.
    pub accept_gap: bool,
    /// Where to begin when the group's offsets are gone although there was a run; none refuses.
    pub resume: Option<Resume>,
    /// Worker threads; none takes as many as there are cores or partitions, whichever is fewer.
    pub workers: Option<usize>,
    /// Told of each commit.
    pub watcher: Option<Arc<dyn Watcher>>,
}

/// Where to begin when the group's offsets are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// At the end of the journal, with the newest snapshot.
    Snapshot,
    /// The same, from the log's start.
    Earliest,
    /// At the log's end, with nobody known.
    Latest,
}

/// What all threads of a run share.
pub(crate) struct Shared {
    pub(super) active: RwLock<Arc<Active>>,
    pub(super) state_hash: String,
    pub(crate) settings: Settings,
    pub(crate) options: Options,
    pub(crate) status: Arc<Status>,
    pub(crate) stop: Stop,
    pub(super) snapshotting: Option<Snapshotting>,
    pub(super) time: Arc<dyn Time>,
}

/// Model and policy of the moment.
pub(crate) struct Active {
    pub(crate) settings: pipeline::Settings,
    pub(crate) regime: Regime,
}

impl Active {
    pub(super) fn new(settings: pipeline::Settings) -> Self {
        Self {
            regime: Regime {
                model_sha256: settings.model().sha256().to_owned(),
                config_hash: settings.decision_hash().to_owned(),
            },
            settings,
        }
    }
}

impl Shared {
    pub(crate) fn active(&self) -> Arc<Active> {
        let active = self.active.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&active)
    }

    pub(super) fn set_active(&self, active: Active) {
        *self.active.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(active);
    }

    pub(crate) fn state_hash(&self) -> &str {
        &self.state_hash
    }

    pub(crate) fn snapshotting(&self) -> Option<&Snapshotting> {
        self.snapshotting.as_ref()
    }
}
