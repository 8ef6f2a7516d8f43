//! The engine of `holdfast run` on a thread of its own, with metrics and health beside it.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use crossbeam_channel::{Receiver, Sender, unbounded};
use holdfast_model::Model;

use crate::config::Settings;
use crate::http::{self, Server};
use crate::metrics::{Metrics, Recorder};
use crate::run::{Committed, Options, RunError, Status, Stop, Summary, Watcher, run};

/// How long it may take to start, or to work off what was fed.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(20);

pub(super) struct Engine {
    thread: JoinHandle<Result<Summary, RunError>>,
    pub(super) status: Arc<Status>,
    /// Its own: a signal ends the feeding first and then the engine.
    stop: Stop,
    /// Values of committed alerts, in order.
    pub(super) alerts: Receiver<Vec<u8>>,
    pub(super) server: Option<Server>,
}

/// Tells the metrics, and hands the alerts over.
struct Both {
    recorder: Arc<Recorder>,
    alerts: Sender<Vec<u8>>,
}

impl Watcher for Both {
    fn committed(&self, committed: &Committed<'_>) {
        self.recorder.committed(committed);
        for alert in &committed.outputs.alerts {
            // Nobody listens any more when the demo is being ended.
            self.alerts.send(alert.value.clone()).ok();
        }
    }
}

impl Engine {
    pub(super) fn start(settings: &Settings, model: &Model) -> anyhow::Result<Self> {
        let (metrics, status, stop) = (Arc::new(Metrics::new()), Status::new(), Stop::new());
        metrics.set_model(model.id(), model.sha256());
        let recorder = Recorder::new(metrics.clone(), status.clone());
        let server = settings
            .http
            .listen
            .map(|addr| http::serve(addr, "--port", metrics, recorder.clone()))
            .transpose()?;
        let (alerts, received) = unbounded();
        let watcher = Arc::new(Both { recorder, alerts });
        let options = Options {
            watcher: Some(watcher),
            ..Options::default()
        };
        let (of, by) = (status.clone(), stop.clone());
        let (settings, model) = (settings.clone(), model.clone());
        let thread = thread::Builder::new()
            .name("engine".to_owned())
            .spawn(move || run(&settings, &model, options, of, by))
            .context("cannot start the engine's thread")?;
        Ok(Self {
            thread,
            status,
            stop,
            alerts: received,
            server,
        })
    }

    pub(super) fn is_alive(&self) -> bool {
        !self.thread.is_finished()
    }

    /// Waits until `records` are worked off, the engine ends or `stop` is thrown.
    pub(super) fn wait_for(&self, records: u64, stop: &Stop) -> anyhow::Result<()> {
        let (mut since, mut before) = (Instant::now(), 0);
        while self.is_alive() && !stop.is_requested() {
            let consumed = self.status.totals().0.consumed;
            if consumed >= records {
                return Ok(());
            }
            if consumed > before {
                (since, before) = (Instant::now(), consumed);
            }
            if since.elapsed() > PATIENCE {
                bail!(
                    "the engine stands still at {consumed} of {records} records: {}",
                    self.why()
                );
            }
            thread::sleep(LOOK);
        }
        Ok(())
    }

    /// Waits until it has its partitions.
    pub(super) fn wait_until_ready(&self, stop: &Stop) -> anyhow::Result<()> {
        let since = Instant::now();
        while self.is_alive() && !stop.is_requested() && !self.status.is_ready() {
            if since.elapsed() > PATIENCE {
                bail!("the engine does not get ready: {}", self.why());
            }
            thread::sleep(LOOK);
        }
        Ok(())
    }

    fn why(&self) -> String {
        let reasons = self.status.reasons();
        let texts: Vec<&str> = reasons.iter().map(|(_, text)| text.as_str()).collect();
        if texts.is_empty() {
            "no reason known".to_owned()
        } else {
            texts.join("; ")
        }
    }

    /// Lets it commit what it has and end. The alerts that come meanwhile stay readable at the second value.
    pub(super) fn finish(self) -> anyhow::Result<(Summary, Receiver<Vec<u8>>)> {
        self.stop.request();
        let result = self
            .thread
            .join()
            .map_err(|_| anyhow!("the engine's thread panicked"))?;
        drop(self.server);
        Ok((result?, self.alerts))
    }
}
