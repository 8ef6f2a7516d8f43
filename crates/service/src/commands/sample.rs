//! `holdfast sample`.

use holdfast_playbook::Preset;

use super::rules;
use crate::cli::Sample;
use crate::cli::terminal::{data, spinner};
use crate::sample;

pub(super) fn sample(args: &Sample) -> anyhow::Result<()> {
    let playbook = rules::table(args.playbook.as_deref(), Preset::Ecommerce)?;
    let sign = spinner("making up a shop");
    let lines = sample::alerts(&playbook, args.n, args.seed)?;
    sign.finish_and_clear();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    Ok(data(&text)?)
}
