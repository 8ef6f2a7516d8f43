//! Logs: text for people on a terminal, JSON lines for machines otherwise; always on stderr.

use std::io::IsTerminal;

use anyhow::Context;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::SystemTime;
use tracing_subscriber::prelude::*;

use crate::cli::Command;
use crate::cli::terminal::colour;

const RUN: &str = "info,librdkafka=warn,rdkafka=warn";
const OTHERS: &str = "warn,librdkafka=error,rdkafka=error";

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// Text on a terminal, JSON otherwise.
    #[default]
    Auto,
    Text,
    Json,
}

/// Starts logging for a command. `filter` (a level or directives such as `info,holdfast_service=debug`) wins over
/// `RUST_LOG`. A run tells its life; other commands speak for themselves and log warnings only.
pub fn start(filter: Option<&str>, command: &Command, format: Format) -> anyhow::Result<()> {
    let level = if matches!(command, Command::Run(_)) {
        RUN
    } else {
        OTHERS
    };
    let from_env = std::env::var("RUST_LOG")
        .ok()
        .filter(|text| !text.is_empty());
    let text = filter
        .map(str::to_owned)
        .or(from_env)
        .unwrap_or_else(|| level.to_owned());
    let filter = EnvFilter::try_new(&text).with_context(|| format!("`{text}` is no log filter"))?;
    let json = match format {
        Format::Auto => !std::io::stderr().is_terminal(),
        Format::Text => false,
        Format::Json => true,
    };
    let registry = tracing_subscriber::registry().with(filter);
    let started = if json {
        let layer = tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .with_timer(SystemTime)
            .with_writer(std::io::stderr);
        registry.with(layer).try_init()
    } else {
        let layer = tracing_subscriber::fmt::layer()
            .with_target(false)
            .with_ansi(colour())
            .with_writer(std::io::stderr);
        registry.with(layer).try_init()
    };
    started.context("logging was started before")
}
