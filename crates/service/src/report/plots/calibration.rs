//! Said against happened by tenths of the rows, with the number of rows by probability below.

use anyhow::Result;
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::{Area, Figure, INK, LEFT, MUTED, STAYED, TEXT, Words, draw, percents_within, text};
use crate::report::{
    numbers::{compact, grouped, percent},
    view::{Bin, Curves},
};

pub(in crate::report) fn calibration(id: &str, curves: &Curves) -> Result<Figure> {
    let points = curves.tenths();
    let said: Vec<String> = points
        .iter()
        .filter(|bin| bin.rows() > 0)
        .map(|bin| {
            let (said, happened) = (percent(bin.mean(), 0), percent(bin.observed(), 0));
            format!(
                "said {said}, {happened} left ({} rows)",
                grouped(bin.rows())
            )
        })
        .collect();
    let words = Words {
        id,
        title: "Predicted probability against the share that left",
        description: format!("On the diagonal is exact. {}.", said.join("; ")),
    };
    // A part of the scale where all is in it: rare events would sit in the corner.
    let most = points.iter().filter(|bin| bin.rows() > 0);
    let most = most.fold(0.0_f64, |a, bin| {
        a.max(bin.mean()).max(bin.observed_interval().1)
    });
    let end = SCALES.into_iter().find(|end| *end >= most).unwrap_or(1.0);
    draw(&words, 860, |root| {
        let (upper, lower) = root.split_vertically(650);
        dots(&upper, points, end)?;
        counts(&lower, &curves.scores, end)
    })
}

/// Ends of the scale.
const SCALES: [f64; 4] = [0.1, 0.25, 0.5, 1.0];

fn dots(area: &Area<'_>, bins: &[Bin], end: f64) -> Result<()> {
    let labels = ("", "share that left");
    let mut chart = percents_within(area, (0.0..end, 0.0..end), labels)?;
    chart.draw_series(DashedLineSeries::new(
        [(0.0, 0.0), (end, end)],
        10,
        10,
        MUTED.stroke_width(3),
    ))?;
    let filled: Vec<&Bin> = bins.iter().filter(|bin| bin.rows() > 0).collect();
    chart.draw_series(filled.iter().map(|bin| {
        let (lo, hi) = bin.observed_interval();
        PathElement::new([(bin.mean(), lo), (bin.mean(), hi)], LEFT.stroke_width(4))
    }))?;
    chart.draw_series(LineSeries::new(
        filled.iter().map(|bin| (bin.mean(), bin.observed())),
        LEFT.stroke_width(4),
    ))?;
    chart.draw_series(
        filled
            .iter()
            .map(|bin| Circle::new((bin.mean(), bin.observed()), 10, LEFT.filled())),
    )?;
    Ok(())
}

fn counts(area: &Area<'_>, bins: &[Bin], end: f64) -> Result<()> {
    let bins: Vec<&Bin> = bins.iter().filter(|bin| bin.lo < end - 1e-9).collect();
    let most = bins.iter().map(|bin| bin.rows()).max().unwrap_or(0).max(1) as f64;
    let mut chart = ChartBuilder::on(area)
        .margin_left(16)
        .margin_right(60)
        .x_label_area_size(64)
        .y_label_area_size(134)
        .build_cartesian_2d(0.0..end, 0.0..most * 1.1)?;
    chart
        .configure_mesh()
        .disable_mesh()
        .axis_style(MUTED)
        .x_labels(0)
        .y_labels(3)
        .y_label_formatter(&|y| compact(*y as u64))
        .label_style(text(MUTED, HPos::Center, VPos::Top))
        .axis_desc_style(("sans-serif", TEXT).into_font().color(&INK))
        .x_desc("probability it gave")
        .y_desc("rows")
        .draw()?;
    chart.draw_series(bins.iter().map(|bin| {
        let width = bin.hi - bin.lo;
        let (lo, hi) = (bin.lo + 0.1 * width, bin.hi - 0.1 * width);
        Rectangle::new([(lo, 0.0), (hi, bin.rows() as f64)], STAYED.filled())
    }))?;
    Ok(())
}
