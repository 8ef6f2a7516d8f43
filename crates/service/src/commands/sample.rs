//! `holdfast sample`.

use crate::cli::Sample;
use crate::cli::terminal::{data, spinner};
use crate::config::Playbook;
use crate::sample;

pub(super) fn sample(args: &Sample) -> anyhow::Result<()> {
    let playbook = match &args.playbook {
        Some(path) => Playbook::Path(path.clone()),
        None => Playbook::Preset(args.preset),
    };
    let sign = spinner("making up a business");
    let lines = sample::alerts(playbook, args.preset, args.n, args.seed)?;
    sign.finish_and_clear();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    Ok(data(&text)?)
}
