//! The plots, as inline SVG that carries its own title and description.
//!
//! Colours are plain hex values of the light scheme, so an SVG copied out of a report still looks
//! right; in a dark page the style sheet replaces them by attribute selectors (`[fill="#1B2430"]`).
//! Everything is drawn at twice its nominal size, because the backend rounds to whole units.

use anyhow::{Context, Result};
use plotters::{
    coord::{Shift, types::RangedCoordf64},
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};
use serde::Serialize;

use super::view::Interval;

mod calibration;
mod forest;
mod gains;
mod hundred;
mod precision;
mod profit;
mod rivals;
mod scores;
mod series;
mod steps;
mod timeline;

pub(super) use calibration::calibration;
pub(super) use forest::{FOREST_ROWS, forest};
pub(super) use gains::gains;
pub(super) use hundred::hundred;
pub(super) use precision::precision;
pub(super) use profit::profit;
pub(super) use rivals::rivals;
pub(super) use scores::scores;
pub(super) use series::{Series, series};
pub(super) use steps::steps;
pub(super) use timeline::{Windows, timeline};

const INK: RGBColor = RGBColor(0x1B, 0x24, 0x30);
const MUTED: RGBColor = RGBColor(0x55, 0x60, 0x6E);
const GRID: RGBColor = RGBColor(0xD8, 0xDE, 0xE7);
/// Customers who left, and what raises the risk.
const LEFT: RGBColor = RGBColor(0xB3, 0x42, 0x1A);
/// Customers who stayed, and what lowers the risk.
const STAYED: RGBColor = RGBColor(0x23, 0x68, 0xA8);

const WIDTH: u32 = 880;
/// About 13 units of text at nominal size.
const TEXT: u32 = 32;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// One plot, ready to be put into a page.
#[derive(Debug, Serialize)]
pub(super) struct Figure {
    pub(super) svg: String,
}

/// What a reader who does not see the plot is told.
struct Words<'a> {
    /// Unique in the page; the ids of title and description begin with it.
    id: &'a str,
    title: &'a str,
    description: String,
}

fn draw(
    words: &Words<'_>,
    height: u32,
    plot: impl FnOnce(&Area<'_>) -> Result<()>,
) -> Result<Figure> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        plot(&root).with_context(|| format!("cannot draw the plot {}", words.id))?;
        root.present()?;
    }
    let body = svg.split_once('>').map_or("", |(_, body)| body);
    let Words {
        id,
        title,
        description,
    } = words;
    let (title, description) = (escape(title), escape(description));
    let svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\n\
         <title id=\"{id}-title\">{title}</title>\n<desc id=\"{id}-desc\">{description}</desc>{body}"
    );
    Ok(Figure { svg })
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn text(color: RGBColor, h: HPos, v: VPos) -> TextStyle<'static> {
    ("sans-serif", TEXT)
        .into_font()
        .color(&color)
        .pos(Pos::new(h, v))
}

/// A band between the ends of intervals, from left to right; those that say nothing are left out.
fn band(points: &[(f64, Interval)], color: RGBColor) -> Option<Polygon<(f64, f64)>> {
    let known = points
        .iter()
        .filter(|(_, i)| i.lo.is_finite() && i.hi.is_finite());
    let known: Vec<_> = known.collect();
    let above = known.iter().map(|(x, i)| (*x, i.hi));
    let below = known.iter().rev().map(|(x, i)| (*x, i.lo));
    let outline: Vec<(f64, f64)> = above.chain(below).collect();
    (outline.len() > 3).then(|| Polygon::new(outline, color.mix(0.2)))
}

/// A chart over probabilities, both axes in percent; heights below zero are told as above. An axis under it is
/// named unless `across` is empty.
fn percents<'a, 'b>(
    area: &'a Area<'b>,
    heights: std::ops::Range<f64>,
    labels: (&str, &str),
) -> Result<Chart<'a, 'b>> {
    percents_within(area, (0.0..1.0, heights), labels)
}

/// The same over a part of them.
fn percents_within<'a, 'b>(
    area: &'a Area<'b>,
    (widths, heights): (std::ops::Range<f64>, std::ops::Range<f64>),
    (across, up): (&str, &str),
) -> Result<Chart<'a, 'b>> {
    let mut chart = ChartBuilder::on(area)
        .margin_top(24)
        .margin_left(16)
        .margin_right(60)
        .x_label_area_size(if across.is_empty() { 56 } else { 96 })
        .y_label_area_size(134)
        .build_cartesian_2d(widths, heights.clone())?;
    let mut mesh = chart.configure_mesh();
    if heights.start < 0.0 {
        mesh.disable_x_mesh();
    }
    if !across.is_empty() {
        mesh.x_desc(across);
    }
    mesh.light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(MUTED)
        .x_labels(6)
        .y_labels(6)
        // The zero of the other axis stands right beside it.
        .x_label_formatter(&|x| {
            if *x > 0.0 {
                percent_label(x)
            } else {
                String::new()
            }
        })
        .y_label_formatter(&|y| percent_label(&y.abs()))
        .label_style(text(MUTED, HPos::Center, VPos::Top))
        .axis_desc_style(("sans-serif", TEXT).into_font().color(&INK))
        .y_desc(up)
        .draw()?;
    Ok(chart)
}

fn percent_label(x: &f64) -> String {
    format!("{:.0} %", x * 100.0)
}
