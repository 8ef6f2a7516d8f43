//! The demo's directory: what lies where in it, and the configuration that ties it together.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use holdfast_playbook::Preset;

use crate::cli;
use crate::config::{Layers, Settings};
use crate::generate::{DAY_MS, DEFAULT_START_MS};

/// Says that a directory is a demo's own and may be emptied by the next one.
const MARK: &str = ".holdfast-demo";

/// Paths of everything the demo writes.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) events: PathBuf,
    pub(super) truth: PathBuf,
    pub(super) model: PathBuf,
    pub(super) model_report: PathBuf,
    pub(super) card: PathBuf,
    pub(super) backtest: PathBuf,
    pub(super) config: PathBuf,
    pub(super) log: PathBuf,
    pub(super) outputs: PathBuf,
    pub(super) kafka: Option<String>,
}

/// When the stream begins, ms.
pub(super) fn stream_from_ms(args: &cli::Demo) -> i64 {
    DEFAULT_START_MS + i64::from(args.days) * DAY_MS
}

impl Place {
    /// Makes the directory. One that holds anything but an earlier demo is left alone.
    pub(super) fn make(args: &cli::Demo) -> anyhow::Result<Self> {
        let dir = &args.out;
        let place = Self::of(dir, args.kafka.clone());
        let making = || format!("cannot use {} (see --out)", dir.display());
        fs::create_dir_all(dir).with_context(making)?;
        let mark = dir.join(MARK);
        if mark.exists() {
            place.clear().with_context(making)?;
        } else if fs::read_dir(dir).with_context(making)?.next().is_some() {
            bail!(
                "{} is not empty; choose another directory with --out",
                dir.display()
            );
        }
        fs::write(&mark, "").with_context(making)?;
        place.write_config(args)?;
        Ok(place)
    }

    fn of(dir: &Path, kafka: Option<String>) -> Self {
        Self {
            events: dir.join("events.jsonl"),
            truth: dir.join("truth.csv"),
            model: dir.join("model.json"),
            model_report: dir.join("model.html"),
            card: dir.join("model-card.md"),
            backtest: dir.join("backtest"),
            config: dir.join("holdfast.toml"),
            log: dir.join("log"),
            outputs: dir.join("alerts"),
            kafka,
        }
    }

    /// Removes what an earlier demo wrote, and nothing else.
    fn clear(&self) -> std::io::Result<()> {
        let gone = |result: std::io::Result<()>| match result {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        for file in [
            &self.events,
            &self.truth,
            &self.model,
            &self.model_report,
            &self.card,
            &self.config,
        ] {
            gone(fs::remove_file(file))?;
        }
        for dir in [&self.backtest, &self.log, &self.outputs] {
            gone(fs::remove_dir_all(dir))?;
        }
        Ok(())
    }

    fn write_config(&self, args: &cli::Demo) -> anyhow::Result<()> {
        let source = match &args.kafka {
            Some(servers) => format!(
                "[source]\nkind = \"kafka\"\n\n[kafka]\nbootstrap_servers = {}\n\
                 allow_plaintext = true # these customers are made up\n",
                toml::Value::from(servers.as_str())
            ),
            None => "[source]\nkind = \"log\"\n\n[log]\ninput = \"log\"\noutput = \"alerts\"\n"
                .to_owned(),
        };
        let text = format!(
            "# Written by `holdfast demo`; see `holdfast check --config {} --show`.\n\
             [app]\nid = \"holdfast-demo\"\n\n{source}\n\
             [model]\npath = \"model.json\"\n\n\
             [policy]\nopen = {}\nclose = {}\nbands = [{}]\n\n\
             {}\n# Time is the events' own: the stream runs faster than life.\n\
             [silence]\nclock = \"event\"\n\n\
             # What happened while the model was learning is history; nobody is told of it now.\n\
             [alerts]\nnot_before = {}\n\n\
             [http]\nlisten = \"{}\"\n",
            self.config.display(),
            args.open(),
            rounded((args.open() - 0.1).max(args.open() / 2.0)),
            rounded(f64::midpoint(args.open(), 1.0)),
            trade(args.preset)?,
            stream_from_ms(args),
            args.listen(),
        );
        fs::write(&self.config, text)
            .with_context(|| format!("cannot write {}", self.config.display()))
    }

    /// The configuration, checked. The environment may add what a broker needs, such as credentials.
    pub(super) fn settings(&self) -> anyhow::Result<Settings> {
        let layers = match self.kafka {
            Some(_) => Layers::of_process(Some(&self.config)),
            None => Layers::of_file(&self.config),
        };
        Ok(layers.load()?.settings)
    }
}

/// The rule table of this kind of business, and what the configuration of `holdfast init` says of its customers.
fn trade(preset: Preset) -> anyhow::Result<String> {
    let mut of_init: toml::Table = crate::commands::config(preset).parse()?;
    let rules = toml::Table::from_iter([("rules".to_owned(), preset.name().into())]);
    let mut own = toml::Table::from_iter([("playbook".to_owned(), rules.into())]);
    for part in ["lifecycle", "segments"] {
        own.extend(of_init.remove(part).map(|table| (part.to_owned(), table)));
    }
    Ok(toml::to_string(&own)?)
}

fn rounded(p: f64) -> f64 {
    (p * 1e3).round() / 1e3
}
