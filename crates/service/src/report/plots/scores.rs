//! Which probabilities the leavers got, upwards, and which the stayers, downwards.
//!
//! Each group is drawn as shares of itself: counts would hide the smaller group, and the calibration
//! plot shows the counts already.

use anyhow::Result;
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::{Figure, LEFT, STAYED, Words, draw, percents, text};
use crate::report::{curves::ratio, numbers::percent, view::Bin};

pub(in crate::report) fn scores(id: &str, bins: &[Bin]) -> Result<Figure> {
    let left = shares(bins, |bin| bin.left);
    let stayed = shares(bins, |bin| bin.stayed);
    let said: Vec<String> = bins
        .iter()
        .zip(left.iter().zip(&stayed))
        .filter(|(bin, _)| bin.rows() > 0)
        .map(|(bin, (left, stayed))| {
            let (from, left) = (percent(bin.lo, 0), percent(*left, 1));
            format!(
                "from {from}: {left} of the leavers, {} of the stayers",
                percent(*stayed, 1)
            )
        })
        .collect();
    let words = Words {
        id,
        title: "Share of each group by probability, leavers up, stayers down",
        description: format!("{}.", said.join("; ")),
    };
    let most = left.iter().chain(&stayed).fold(0.01_f64, |a, &b| a.max(b)) * 1.12;
    draw(&words, 700, |root| {
        let mut chart = percents(
            root,
            -most..most,
            ("probability it gave", "share of the group"),
        )?;
        let bar = |bin: &Bin, height: f64, color: RGBColor| {
            let inset = 0.08 * (bin.hi - bin.lo);
            Rectangle::new(
                [(bin.lo + inset, 0.0), (bin.hi - inset, height)],
                color.filled(),
            )
        };
        chart.draw_series(bins.iter().zip(&left).map(|(bin, y)| bar(bin, *y, LEFT)))?;
        chart.draw_series(
            bins.iter()
                .zip(&stayed)
                .map(|(bin, y)| bar(bin, -y, STAYED)),
        )?;
        // Leavers lie to the right and stayers to the left, so these corners are the empty ones.
        chart.draw_series([
            Text::new(
                "left",
                (0.02, most * 0.9),
                text(LEFT, HPos::Left, VPos::Center),
            ),
            Text::new(
                "stayed",
                (0.98, -most * 0.9),
                text(STAYED, HPos::Right, VPos::Center),
            ),
        ])?;
        Ok(())
    })
}

fn shares(bins: &[Bin], count: impl Fn(&Bin) -> u64) -> Vec<f64> {
    let all = bins.iter().map(&count).sum::<u64>() as f64;
    bins.iter()
        .map(|bin| ratio(count(bin) as f64, all))
        .collect()
}
