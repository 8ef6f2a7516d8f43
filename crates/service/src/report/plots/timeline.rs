//! When the model learned and when it was tested: one bar per cutoff, from the cutoff to the end of
//! its label window.

use anyhow::Result;
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::{Area, Figure, GRID, INK, LEFT, MUTED, STAYED, Words, draw, text};
use crate::report::{numbers::date, view::Span};

const DAY_MS: i64 = 86_400_000;
const ROW: u32 = 40;
const EDGE: i32 = 30;

/// The instants that are drawn.
pub(in crate::report) struct Windows<'a> {
    pub(in crate::report) span: &'a Span,
    pub(in crate::report) train: Vec<i64>,
    pub(in crate::report) test: Vec<i64>,
    pub(in crate::report) horizon_days: u32,
}

pub(in crate::report) fn timeline(id: &str, windows: &Windows<'_>) -> Result<Figure> {
    let list = |cutoffs: &[i64]| -> String {
        cutoffs
            .iter()
            .map(|&ms| date(ms))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mut description = format!(
        "Events from {} to {}. Training cutoffs {}.",
        date(windows.span.first_ms),
        date(windows.span.last_ms),
        list(&windows.train)
    );
    if !windows.test.is_empty() {
        description += &format!(" Test cutoffs {}.", list(&windows.test));
    }
    description += &format!(" Each label window is {} days.", windows.horizon_days);
    let words = Words {
        id,
        title: "Data, cutoffs and label windows over time",
        description,
    };
    let rows = windows.train.len() + windows.test.len();
    draw(&words, ROW * rows as u32 + 170, |root| bars(root, windows))
}

fn bars(root: &Area<'_>, windows: &Windows<'_>) -> Result<()> {
    let (from, to) = (
        windows.span.first_ms,
        windows.span.until_ms.max(windows.span.last_ms),
    );
    let width = (super::WIDTH as i32 - 2 * EDGE) as f64;
    let x = |ms: i64| EDGE + ((ms - from) as f64 / (to - from).max(1) as f64 * width) as i32;
    let label = |h, color| text(color, h, VPos::Top);
    root.draw_text(&date(from), &label(HPos::Left, MUTED), (EDGE, 8))?;
    root.draw_text(&date(to), &label(HPos::Right, MUTED), (x(to), 8))?;
    root.draw(&Rectangle::new(
        [(EDGE, 56), (x(windows.span.last_ms), 80)],
        GRID.filled(),
    ))?;
    let within = text(INK, HPos::Left, VPos::Center);
    root.draw_text("events", &within, (EDGE + 10, 70))?;
    let horizon = i64::from(windows.horizon_days) * DAY_MS;
    let rows = windows.train.iter().map(|&at| (at, STAYED));
    let rows = rows.chain(windows.test.iter().map(|&at| (at, LEFT)));
    let mut y = 110;
    for (cutoff, color) in rows {
        root.draw(&PathElement::new(
            [(EDGE, y + 10), (x(cutoff), y + 10)],
            GRID.stroke_width(3),
        ))?;
        let window = [(x(cutoff), y), (x(cutoff + horizon), y + 20)];
        root.draw(&Rectangle::new(window, color.filled()))?;
        root.draw(&Circle::new((x(cutoff), y + 10), 12, INK.filled()))?;
        y += ROW as i32;
    }
    legend(root, y + 14, !windows.test.is_empty())
}

fn legend(root: &Area<'_>, y: i32, tested: bool) -> Result<()> {
    let style = |color| text(color, HPos::Left, VPos::Center);
    root.draw(&Circle::new((EDGE + 12, y + 12), 12, INK.filled()))?;
    root.draw_text("cutoff", &style(INK), (EDGE + 36, y + 14))?;
    root.draw(&Rectangle::new(
        [(EDGE + 160, y + 2), (EDGE + 200, y + 22)],
        STAYED.filled(),
    ))?;
    root.draw_text("learned from", &style(STAYED), (EDGE + 212, y + 14))?;
    if tested {
        root.draw(&Rectangle::new(
            [(EDGE + 440, y + 2), (EDGE + 480, y + 22)],
            LEFT.filled(),
        ))?;
        root.draw_text("tested on", &style(LEFT), (EDGE + 492, y + 14))?;
    }
    Ok(())
}
