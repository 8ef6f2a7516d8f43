//! How many of those contacted would have left anyway: precision by capacity.

use anyhow::Result;
use plotters::prelude::*;

use super::{Figure, LEFT, MUTED, STAYED, Words, band, draw, percents};
use crate::report::{contacting::Contacting, curves::ratio, numbers::percent};

/// `rows` are all predictions, `base` the share of them that left.
pub(in crate::report) fn precision(
    id: &str,
    found: &Contacting,
    (rows, base): (u64, f64),
) -> Result<Figure> {
    let said: Vec<String> = found
        .curve
        .iter()
        .skip(9)
        .step_by(10)
        .map(|at| {
            let i = at.precision;
            let [value, lo, hi] = [i.value, i.lo, i.hi].map(|x| percent(x, 0));
            format!(
                "in the top {} {value} left ({lo} to {hi})",
                percent(at.share, 0)
            )
        })
        .collect();
    let words = Words {
        id,
        title: "Share that left among those contacted, by share contacted",
        description: format!("{}.", said.join("; ")),
    };
    draw(&words, 700, |root| {
        let labels = ("customers contacted", "of them, left");
        let mut chart = percents(root, 0.0..1.0, labels)?;
        let random = [(0.0, base), (1.0, base)];
        chart.draw_series(DashedLineSeries::new(random, 10, 10, MUTED.stroke_width(3)))?;
        let points: Vec<_> = found
            .curve
            .iter()
            .map(|at| (at.share, at.precision))
            .filter(|(_, i)| i.value.is_finite())
            .collect();
        chart.draw_series(band(&points, LEFT))?;
        chart.draw_series(LineSeries::new(
            points.iter().map(|(share, i)| (*share, i.value)),
            LEFT.stroke_width(5),
        ))?;
        if found.overall.precision.value.is_finite() {
            let at = ratio(found.overall.rows as f64, rows as f64);
            let at = (at.min(1.0), found.overall.precision.value);
            chart.draw_series([Circle::new(at, 11, STAYED.stroke_width(5))])?;
        }
        Ok(())
    })
}
