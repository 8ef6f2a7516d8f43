//! The page of the watch: what was predicted, and what became of it.

use anyhow::Result;
use minijinja::context;

use super::view::{Bin, Curves};
use super::{plots, render};
use crate::pipeline::Panel;
use crate::pipeline::watch::panel::Line;

/// Features of the table of drift.
const SHOWN: usize = 15;

/// What the calibration plot shows.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of customers there and back"
)]
fn curves(line: &Line) -> Curves {
    let tenths = line.figures.calibration.iter().map(|tenth| {
        let left = (tenth.observed * tenth.rows as f64).round() as u64;
        Bin {
            lo: tenth.predicted,
            hi: tenth.predicted,
            left,
            stayed: tenth.rows - left,
            predicted: tenth.predicted * tenth.rows as f64,
        }
    });
    let scores = line.figures.scores.iter().enumerate();
    let scores = scores.map(|(step, [stayed, left])| Bin {
        lo: step as f64 / 20.0,
        hi: (step + 1) as f64 / 20.0,
        left: *left,
        stayed: *stayed,
        predicted: (step as f64 + 0.5) / 20.0 * (stayed + left) as f64,
    });
    Curves {
        deciles: tenths.collect(),
        scores: scores.collect(),
        ..Curves::default()
    }
}

/// One page of all that a watch knows, for `/watch` and `holdfast replay --watch-report`.
///
/// # Errors
/// If a plot cannot be drawn.
pub fn watch_html(panel: &Panel) -> Result<String> {
    let champion = panel.now.iter().find(|line| line.is_champion);
    let plot = |line: &Line| plots::calibration("calibration", &curves(line));
    render(
        "watch.html",
        context! {
            panel,
            champion,
            challenger => panel.now.iter().find(|line| !line.is_champion),
            calibration => champion.map(plot).transpose()?,
            drift => panel.drift.iter().take(SHOWN).collect::<Vec<_>>(),
        },
    )
}
