//! How much better than each baseline, with intervals: what crosses the line is no clear difference.

use anyhow::Result;
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::{Figure, GRID, INK, LEFT, MUTED, STAYED, TEXT, Words, draw, text};
use crate::report::{numbers::signed, verdict::Named};

const ROW: u32 = 84;
const NAMES: u32 = 320;

pub(in crate::report) fn rivals(id: &str, rivals: &[Named<'_>]) -> Result<Figure> {
    let said: Vec<String> = rivals
        .iter()
        .map(|named| {
            let i = named.rival.auc_gain;
            let [value, lo, hi] = [i.value, i.lo, i.hi].map(|x| signed(100.0 * x, 1));
            format!("{}: {value} ({lo} to {hi})", named.title)
        })
        .collect();
    let words = Words {
        id,
        title: "Pairs of 100 that the model orders right and the other does not, less the reverse",
        description: format!("Right of zero the model is better. {}.", said.join("; ")),
    };
    let ends = rivals.iter().flat_map(|named| {
        let i = named.rival.auc_gain;
        [i.lo, i.hi, i.value].map(|x| 100.0 * x)
    });
    let ends = ends.filter(|x| x.is_finite());
    let (low, high) = ends.fold((-0.5_f64, 0.5_f64), |(a, b), x| (a.min(x), b.max(x)));
    let room = 0.06 * (high - low);
    let rows = rivals.len().max(1) as f64;
    draw(&words, ROW * rivals.len().max(1) as u32 + 130, |root| {
        let mut chart = ChartBuilder::on(root)
            .margin_top(16)
            .margin_right(40)
            .x_label_area_size(96)
            .y_label_area_size(NAMES)
            .build_cartesian_2d((low - room)..(high + room), rows..0.0)?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(MUTED)
            .x_labels(6)
            .y_labels(0)
            .x_label_formatter(&|x| signed(*x, 0))
            .label_style(text(MUTED, HPos::Center, VPos::Top))
            .axis_desc_style(("sans-serif", TEXT).into_font().color(&INK))
            .x_desc("pairs of 100 more in right order")
            .draw()?;
        let zero = [(0.0, 0.0), (0.0, rows)];
        chart.draw_series([PathElement::new(zero, MUTED.stroke_width(3))])?;
        for (at, named) in rivals.iter().enumerate() {
            let y = at as f64 + 0.5;
            let i = named.rival.auc_gain;
            let [value, lo, hi] = [i.value, i.lo, i.hi].map(|x| 100.0 * x);
            let color = if lo > 0.0 { LEFT } else { STAYED };
            if lo.is_finite() && hi.is_finite() {
                chart.draw_series([PathElement::new([(lo, y), (hi, y)], color.stroke_width(5))])?;
            }
            if value.is_finite() {
                chart.draw_series([Circle::new((value, y), 11, color.filled())])?;
            }
            let (_, pixel) = chart.backend_coord(&(0.0, y));
            let name = text(INK, HPos::Right, VPos::Center);
            root.draw_text(named.title, &name, (NAMES as i32 - 16, pixel))?;
        }
        Ok(())
    })
}
