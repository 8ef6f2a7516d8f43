//! `holdfast run`.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;

use super::files;
use crate::cli::terminal::{data, say};
use crate::cli::{OnGap, Resume, Run};
use crate::config::{Layers, Settings, SourceKind};
use crate::http;
use crate::metrics::{Metrics, Recorder};
use crate::run::{self, Options, Status, Stop, Summary, run as drive};

pub(super) fn run(args: &Run) -> anyhow::Result<()> {
    let mut layers = Layers::of_process(args.config.config.as_deref());
    if let Some(model) = &args.model {
        layers = layers.with_flag("--model", "model.path", model.display().to_string());
    }
    if let Some(listen) = &args.listen {
        layers = layers.with_flag("--listen", "http.listen", listen);
    }
    let settings = layers.load()?.settings;
    let model = files::model(settings.model_path.as_deref())?;
    let stop = Stop::new();
    stop.on_signals().context("cannot follow signals")?;
    let (metrics, status) = (Arc::new(Metrics::new()), Status::new());
    metrics.set_model(model.id(), model.sha256());
    let recorder = Recorder::new(metrics.clone(), status.clone());
    // Kept until the end of the run: dropping it stops it.
    let server = settings
        .http
        .listen
        .map(|addr| http::serve(addr, "--listen or [http] listen", metrics, recorder.clone()))
        .transpose()?;
    if let Some(server) = &server {
        tracing::info!(addr = %server.addr(), "serving /metrics, /livez and /readyz");
        if !server.addr().ip().is_loopback() {
            tracing::info!(
                "other machines reach these without a password; they tell counts, and no customers"
            );
        }
    }
    let options = Options {
        until_end: args.until_end,
        accept_gap: args.on_gap == OnGap::Accept,
        resume: args.resume.map(|resume| match resume {
            Resume::Snapshot => run::Resume::Snapshot,
            Resume::Earliest => run::Resume::Earliest,
            Resume::Latest => run::Resume::Latest,
        }),
        workers: args.workers.map(usize::from),
        watcher: Some(recorder),
    };
    let summary = drive(&settings, &model, options, status, stop)?;
    if args.until_end {
        tell(&summary, &settings)?;
    }
    Ok(())
}

/// One line of JSON; on stderr when stdout carries the alerts.
fn tell(summary: &Summary, settings: &Settings) -> anyhow::Result<()> {
    let line = serde_json::to_string(summary)?;
    let taken = settings.source == SourceKind::Log && settings.log.output == Path::new("-");
    if taken {
        say(line);
    } else {
        data(&format!("{line}\n"))?;
    }
    Ok(())
}
