//! Said against happened, with the number of rows in each bin below.

use anyhow::Result;
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::{Area, Figure, INK, LEFT, MUTED, STAYED, TEXT, Words, draw, percents, text};
use crate::report::{
    numbers::{compact, grouped, percent},
    view::Bin,
};

pub(in crate::report) fn calibration(id: &str, bins: &[Bin]) -> Result<Figure> {
    let said: Vec<String> = bins
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
    draw(&words, 860, |root| {
        let (upper, lower) = root.split_vertically(650);
        points(&upper, bins)?;
        counts(&lower, bins)
    })
}

fn points(area: &Area<'_>, bins: &[Bin]) -> Result<()> {
    let mut chart = percents(area, 0.0..1.0, ("", "share that left"))?;
    chart.draw_series(DashedLineSeries::new(
        [(0.0, 0.0), (1.0, 1.0)],
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

fn counts(area: &Area<'_>, bins: &[Bin]) -> Result<()> {
    let most = bins.iter().map(Bin::rows).max().unwrap_or(0).max(1) as f64;
    let mut chart = ChartBuilder::on(area)
        .margin_left(16)
        .margin_right(60)
        .x_label_area_size(64)
        .y_label_area_size(134)
        .build_cartesian_2d(0.0..1.0, 0.0..most * 1.35)?;
    chart
        .configure_mesh()
        .disable_mesh()
        .axis_style(MUTED)
        .x_labels(0)
        .y_labels(0)
        .axis_desc_style(("sans-serif", TEXT).into_font().color(&INK))
        .x_desc("probability it gave")
        .y_desc("rows")
        .draw()?;
    chart.draw_series(bins.iter().map(|bin| {
        let width = bin.hi - bin.lo;
        let (lo, hi) = (bin.lo + 0.1 * width, bin.hi - 0.1 * width);
        Rectangle::new([(lo, 0.0), (hi, bin.rows() as f64)], STAYED.filled())
    }))?;
    chart.draw_series(bins.iter().filter(|bin| bin.rows() > 0).map(|bin| {
        let at = ((bin.lo + bin.hi) / 2.0, bin.rows() as f64 + most * 0.06);
        Text::new(
            compact(bin.rows()),
            at,
            text(INK, HPos::Center, VPos::Bottom),
        )
    }))?;
    Ok(())
}
