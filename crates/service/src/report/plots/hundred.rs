//! One hundred customers as a grid of dots, those who left filled.

use anyhow::Result;
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::{Area, Figure, INK, LEFT, MUTED, Words, draw, text};
use crate::report::plain;

const STEP: i32 = 38;
const LEFT_EDGE: [i32; 2] = [20, 480];

/// `random` and `top` are shares that left: of all customers, and of those at highest risk.
pub(in crate::report) fn hundred(id: &str, random: f64, top: f64) -> Result<Figure> {
    let counts = [random, top].map(|share| plain::hundred(share) as i32);
    let words = Words {
        id,
        title: "One hundred customers at random beside one hundred at highest risk",
        description: format!(
            "Of 100 customers picked at random {} left; of 100 from the tenth at highest risk {} left.",
            counts[0], counts[1]
        ),
    };
    let names = ["100 at random", "100 it puts on top"];
    draw(&words, 500, |root| {
        for ((count, name), edge) in counts.into_iter().zip(names).zip(LEFT_EDGE) {
            root.draw_text(name, &text(INK, HPos::Left, VPos::Top), (edge, 12))?;
            dots(root, count, edge)?;
            let total = format!("{count} left");
            root.draw_text(&total, &text(LEFT, HPos::Left, VPos::Top), (edge, 455))?;
        }
        Ok(())
    })
}

fn dots(root: &Area<'_>, filled: i32, edge: i32) -> Result<()> {
    for at in 0..100 {
        let centre = (edge + 16 + at % 10 * STEP, 80 + at / 10 * STEP);
        if at < filled {
            root.draw(&Circle::new(centre, 15, LEFT.filled()))?;
        } else {
            root.draw(&Circle::new(centre, 14, MUTED.stroke_width(2)))?;
        }
    }
    Ok(())
}
