//! A new model file is taken over while the run goes on.
//!
//! The file is looked at every few seconds. One that can be used with the configuration decides from the next batch
//! of each partition on, which the journal says; any other is refused, and the old model stays.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, SystemTime};

use crossbeam_channel::Sender;
use holdfast_model::Model;
use tracing::{info, warn};

use super::message::Work;
use super::{Active, Shared};
use crate::config::SourceKind;
use crate::pipeline;

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often the end of the run is.
const STOP_EVERY: Duration = Duration::from_millis(100);

/// What tells one version of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    len: u64,
}

pub(super) struct Reload {
    shared: Arc<Shared>,
    workers: Vec<Sender<Work>>,
    path: PathBuf,
    seen: Option<Stamp>,
}

impl Reload {
    /// None when the model came from nowhere that could change.
    pub(super) fn new(shared: &Arc<Shared>, workers: &[Sender<Work>]) -> Option<Self> {
        let path = shared.settings.model_path.clone()?;
        Some(Self {
            seen: stamp(&path),
            shared: Arc::clone(shared),
            workers: workers.to_vec(),
            path,
        })
    }

    pub(super) fn run(mut self) {
        let looks = LOOK_EVERY.as_millis() / STOP_EVERY.as_millis();
        while !self.shared.stop.is_requested() {
            for _ in 0..looks {
                thread::sleep(STOP_EVERY);
                if self.shared.stop.is_requested() {
                    return;
                }
            }
            self.look();
        }
    }

    fn look(&mut self) {
        let now = stamp(&self.path);
        // A file that is being replaced may be away for a moment.
        if now.is_none() || now == self.seen {
            return;
        }
        self.seen = now;
        match self.read() {
            Ok(None) => {}
            Ok(Some(active)) => take_over(&self.shared, &self.workers, active),
            Err(fault) => {
                self.shared
                    .status
                    .reload_failures
                    .fetch_add(1, Ordering::Relaxed);
                warn!(path = %self.path.display(), "the new model is refused, the old one stays: {fault}");
            }
        }
    }

    /// The file's model with the configuration; none if it is the one that decides already.
    fn read(&self) -> Result<Option<Active>, String> {
        let text = fs::read(&self.path).map_err(|e| e.to_string())?;
        let model = Model::from_json(&text).map_err(|e| e.to_string())?;
        let old = self.shared.active();
        if model.sha256() == old.regime.model_sha256 {
            return Ok(None);
        }
        let settings = &self.shared.settings;
        let from_kafka = settings.source == SourceKind::Kafka;
        let fresh =
            pipeline::Settings::new(settings, &model, from_kafka).map_err(|e| format!("{e:#}"))?;
        if fresh.state_hash() != self.shared.state_hash() {
            return Err(
                "it was trained with another currency or other abandoned carts than the state holds".to_owned(),
            );
        }
        let fresh = match old.settings.challenger() {
            Some(challenger) => fresh.challenged_by(challenger).map_err(|e| e.to_string())?,
            None => fresh,
        };
        Ok(Some(Active::new(fresh)))
    }
}

/// Lets another model or policy decide from each partition's next batch on.
pub(super) fn take_over(shared: &Shared, workers: &[Sender<Work>], active: Active) {
    let model = active.settings.model();
    info!(
        model = model.id(),
        sha256 = model.sha256(),
        "a new model is taken over"
    );
    shared.status.set_model(model.id(), model.sha256());
    let settings = Arc::new(active.settings.clone());
    let regime = active.regime.clone();
    // First what partitions that come from now on begin with, then those that are here.
    shared.set_active(active);
    for worker in workers {
        let work = Work::Activate {
            settings: Arc::clone(&settings),
            regime: regime.clone(),
        };
        // A worker that is gone has ended the run already.
        worker.send(work).ok();
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok()?;
    Some(Stamp {
        modified: metadata.modified().ok(),
        len: metadata.len(),
    })
}
