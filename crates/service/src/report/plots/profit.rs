//! What contacting more and more of the customers brings, highest risks first.

use anyhow::Result;
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::{Figure, GRID, INK, LEFT, MUTED, STAYED, TEXT, Words, band, draw, percent_label, text};
use crate::report::{
    contacting::{Contacting, Point},
    numbers::percent,
    verdict::whole,
};

pub(in crate::report) fn profit(id: &str, found: &Contacting) -> Result<Figure> {
    let said: Vec<String> = found
        .curve
        .iter()
        .skip(9)
        .step_by(10)
        .map(|at| {
            let [value, lo, hi] = [at.profit.value, at.profit.lo, at.profit.hi].map(whole);
            format!("{} bring {value} ({lo} to {hi})", percent(at.share, 0))
        })
        .collect();
    let words = Words {
        id,
        title: "Profit per 1,000 customers by share contacted",
        description: format!("Contacting {}.", said.join(", ")),
    };
    let ends = found
        .curve
        .iter()
        .flat_map(|at| [at.profit.lo, at.profit.hi, at.profit.value]);
    let ends = ends.filter(|x| x.is_finite());
    let (low, high) = ends.fold((0.0_f64, 1.0_f64), |(a, b), x| (a.min(x), b.max(x)));
    let room = 0.08 * (high - low);
    draw(&words, 700, |root| {
        let mut chart = ChartBuilder::on(root)
            .margin_top(24)
            .margin_left(16)
            .margin_right(60)
            .x_label_area_size(96)
            .y_label_area_size(150)
            .build_cartesian_2d(0.0..1.0, (low - room)..(high + 2.0 * room))?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(MUTED)
            .x_labels(6)
            .y_labels(6)
            .x_label_formatter(&percent_label)
            .y_label_formatter(&|y| whole(*y))
            .label_style(text(MUTED, HPos::Center, VPos::Top))
            .axis_desc_style(("sans-serif", TEXT).into_font().color(&INK))
            .x_desc("customers contacted")
            .y_desc("per 1,000 customers")
            .draw()?;
        chart.draw_series([PathElement::new(
            [(0.0, 0.0), (1.0, 0.0)],
            MUTED.stroke_width(3),
        )])?;
        let start = Point::default();
        let points = std::iter::once(&start).chain(&found.curve);
        let points = points.map(|at| (at.share, at.profit)).collect::<Vec<_>>();
        chart.draw_series(band(&points, LEFT))?;
        chart.draw_series(LineSeries::new(
            points.iter().map(|(share, profit)| (*share, profit.value)),
            LEFT.stroke_width(5),
        ))?;
        if let Some(best) = &found.best {
            let at = (best.share, best.profit.value);
            chart.draw_series([Circle::new(at, 11, LEFT.filled())])?;
        }
        if found.rule_profit.value.is_finite() {
            let at = (found.rule_share, found.rule_profit.value);
            chart.draw_series([Circle::new(at, 11, STAYED.stroke_width(5))])?;
        }
        Ok(())
    })
}
