//! How many get how far: one bar per step.

use anyhow::Result;
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::{Figure, GRID, INK, STAYED, WIDTH, Words, draw, text};
use crate::report::numbers::grouped;

const ROW: u32 = 76;
/// Where bars begin and how long the longest is, so that names and numbers have room beside them.
const NAMES: i32 = 290;
const LONGEST: f64 = 400.0;

pub(in crate::report) fn steps(id: &str, steps: &[(String, u64)]) -> Result<Figure> {
    let said: Vec<String> = steps
        .iter()
        .map(|(name, n)| format!("{name}: {}", grouped(*n)))
        .collect();
    let words = Words {
        id,
        title: "Customers who got this far or further",
        description: said.join("; "),
    };
    let most = steps.iter().map(|(_, n)| *n).max().unwrap_or(1).max(1);
    draw(&words, ROW * steps.len().max(1) as u32 + 24, |root| {
        for (at, (name, n)) in steps.iter().enumerate() {
            let y = (at as u32 * ROW + ROW / 2 + 12) as i32;
            let end = NAMES + (*n as f64 / most as f64 * LONGEST) as i32;
            let ground = [(NAMES, y - 20), (NAMES + LONGEST as i32, y + 20)];
            root.draw(&Rectangle::new(ground, GRID.mix(0.5).filled()))?;
            root.draw(&Rectangle::new(
                [(NAMES, y - 20), (end, y + 20)],
                STAYED.filled(),
            ))?;
            let left = text(INK, HPos::Right, VPos::Center);
            root.draw_text(name, &left, (NAMES - 16, y))?;
            let right = text(INK, HPos::Right, VPos::Center);
            root.draw_text(&grouped(*n), &right, (WIDTH as i32 - 16, y))?;
        }
        Ok(())
    })
}
