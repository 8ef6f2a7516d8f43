//! How many of the leavers are reached by contacting the customers at highest risk first.

use anyhow::Result;
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::{Figure, LEFT, MUTED, STAYED, Words, draw, percents, text};
use crate::report::{curves::ratio, numbers::percent, view::Curves};

/// What the lines are, in the corner that no curve reaches.
const KEY: [(&str, f64, RGBColor); 3] = [
    ("this model", 0.22, LEFT),
    ("at random", 0.14, MUTED),
    ("perfect", 0.06, STAYED),
];

pub(in crate::report) fn gains(id: &str, curves: &Curves) -> Result<Figure> {
    let all = curves.left() as f64;
    let reached: Vec<(f64, f64)> = std::iter::once((0.0, 0.0))
        .chain(
            curves
                .gains
                .iter()
                .map(|gain| (gain.share, ratio(gain.left as f64, all))),
        )
        .collect();
    let said: Vec<String> = reached
        .iter()
        .skip(2)
        .step_by(2)
        .map(|&(share, left)| format!("{} reach {}", percent(share, 0), percent(left, 0)))
        .collect();
    let words = Words {
        id,
        title: "Share of the leavers reached by contacting the highest risks first",
        description: format!("Contacting {} of all leavers.", said.join(", ")),
    };
    draw(&words, 700, |root| {
        let mut chart = percents(root, 0.0..1.0, ("customers contacted", "leavers reached"))?;
        let base = curves.base_rate().clamp(1e-9, 1.0);
        let perfect = [(0.0, 0.0), (base, 1.0), (1.0, 1.0)];
        chart.draw_series(DashedLineSeries::new(
            perfect,
            10,
            10,
            STAYED.stroke_width(3),
        ))?;
        let random = [(0.0, 0.0), (1.0, 1.0)];
        chart.draw_series(DashedLineSeries::new(random, 10, 10, MUTED.stroke_width(3)))?;
        chart.draw_series(LineSeries::new(
            reached.iter().copied(),
            LEFT.stroke_width(5),
        ))?;
        for (words, y, color) in KEY {
            let line = [(0.54, y), (0.6, y)];
            chart.draw_series([PathElement::new(line, color.stroke_width(5))])?;
            let words = Text::new(words, (0.62, y), text(color, HPos::Left, VPos::Center));
            chart.draw_series([words])?;
        }
        Ok(())
    })
}
