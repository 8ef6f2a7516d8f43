//! Where the probabilities lie, leavers upwards, stayers downwards.

use anyhow::Result;
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::{Figure, GRID, INK, LEFT, MUTED, STAYED, TEXT, Words, draw, percent_label, text};
use crate::report::{
    numbers::{compact, grouped, percent},
    view::Bin,
};

pub(in crate::report) fn scores(id: &str, bins: &[Bin]) -> Result<Figure> {
    let said: Vec<String> = bins
        .iter()
        .filter(|bin| bin.rows() > 0)
        .map(|bin| {
            let (from, left) = (percent(bin.lo, 0), grouped(bin.left));
            format!("from {from}: {left} left, {} stayed", grouped(bin.stayed))
        })
        .collect();
    let words = Words {
        id,
        title: "Number of rows by probability, leavers up, stayers down",
        description: format!("{}.", said.join("; ")),
    };
    let most = bins
        .iter()
        .map(|bin| bin.left.max(bin.stayed))
        .max()
        .unwrap_or(0)
        .max(1) as f64;
    draw(&words, 700, |root| {
        let mut chart = ChartBuilder::on(root)
            .margin_top(24)
            .margin_right(60)
            .x_label_area_size(96)
            .y_label_area_size(150)
            .build_cartesian_2d(0.0..1.0, -most * 1.15..most * 1.15)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(MUTED)
            .x_labels(6)
            .y_labels(5)
            .x_label_formatter(&percent_label)
            .y_label_formatter(&|y| compact(y.abs().round() as u64))
            .label_style(text(MUTED, HPos::Center, VPos::Top))
            .axis_desc_style(("sans-serif", TEXT).into_font().color(&INK))
            .x_desc("probability it gave")
            .y_desc("rows")
            .draw()?;
        let bar = |bin: &Bin, count: f64, color: RGBColor| {
            let inset = 0.08 * (bin.hi - bin.lo);
            let corners = [(bin.lo + inset, 0.0), (bin.hi - inset, count)];
            Rectangle::new(corners, color.filled())
        };
        chart.draw_series(bins.iter().map(|bin| bar(bin, bin.left as f64, LEFT)))?;
        chart.draw_series(
            bins.iter()
                .map(|bin| bar(bin, -(bin.stayed as f64), STAYED)),
        )?;
        chart.draw_series([
            Text::new(
                "left",
                (0.02, most * 1.05),
                text(LEFT, HPos::Left, VPos::Center),
            ),
            Text::new(
                "stayed",
                (0.02, -most * 1.05),
                text(STAYED, HPos::Left, VPos::Center),
            ),
        ])?;
        Ok(())
    })
}
