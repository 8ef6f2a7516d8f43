//! `holdfast init`: files to begin with.

use std::path::Path;

use anyhow::bail;
use holdfast_playbook::Preset;

use super::files;
use crate::cli::Init;
use crate::cli::terminal::say;

/// The configuration of a preset.
pub(crate) fn config(preset: Preset) -> &'static str {
    match preset {
        Preset::Ecommerce => include_str!("init/ecommerce.toml"),
        Preset::Saas => include_str!("init/saas.toml"),
    }
}

/// The files of a preset: name and text.
fn texts(preset: Preset) -> [(&'static str, &'static str); 3] {
    [
        ("holdfast.toml", config(preset)),
        ("playbook.toml", preset.rules()),
        ("playbook-cases.toml", preset.cases()),
    ]
}

pub(super) fn init(args: &Init) -> anyhow::Result<()> {
    let texts = texts(args.preset);
    let there: Vec<String> = texts
        .iter()
        .map(|(name, _)| args.dir.join(name))
        .filter(|path| path.exists())
        .map(|path| path.display().to_string())
        .collect();
    if !there.is_empty() && !args.force {
        bail!(
            "{} already there: nothing was written; --force writes over it",
            there.join(", ")
        );
    }
    files::directory(&args.dir)?;
    for (name, text) in texts {
        let path = args.dir.join(name);
        files::write(&path, text.as_bytes())?;
        say(format_args!("wrote {}", path.display()));
    }
    say("next:");
    for command in next(&args.dir, args.preset) {
        say(format_args!("  {command}"));
    }
    Ok(())
}

/// What to do with the files, in this order.
fn next(dir: &Path, preset: Preset) -> [String; 4] {
    let of = |name: &str| dir.join(name).display().to_string();
    let label = match preset {
        Preset::Ecommerce => "--label purchase --horizon-days 60",
        Preset::Saas => {
            "--label subscription_cancel --horizon-days 30 --active-days 0 --capacity 5"
        }
    };
    [
        format!("holdfast rules test --playbook {}", of("playbook.toml")),
        format!(
            "holdfast train --events EVENTS.jsonl {label} --out {}",
            of("model.json")
        ),
        format!("holdfast check --config {}", of("holdfast.toml")),
        format!("holdfast run --config {}", of("holdfast.toml")),
    ]
}
