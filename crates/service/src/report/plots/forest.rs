//! Coefficients with their 95 % intervals, strongest first.

use anyhow::Result;
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::{Figure, GRID, INK, LEFT, MUTED, STAYED, TEXT, Words, draw, text};
use crate::report::{numbers::fixed, view::Column};

const ROW: u32 = 46;
const NAMES: u32 = 530;

/// More columns than this make no picture; the table has them all.
pub(in crate::report) const FOREST_ROWS: usize = 20;

/// Draws the first columns, in their order.
pub(in crate::report) fn forest(id: &str, columns: &[Column]) -> Result<Figure> {
    let columns = &columns[..columns.len().min(FOREST_ROWS)];
    let said: Vec<String> = columns
        .iter()
        .map(|c| {
            let (weight, error) = (fixed(c.coefficient, 2), fixed(c.standard_error, 2));
            format!("{} {weight} (s.e. {error})", c.feature)
        })
        .collect();
    let words = Words {
        id,
        title: "Coefficients with 95 % intervals, per standard deviation",
        description: format!("Above zero raises the risk. {}.", said.join("; ")),
    };
    let ends = columns.iter().flat_map(|c| <[f64; 2]>::from(c.interval()));
    let reach = ends
        .filter(|x| x.is_finite())
        .fold(0.1_f64, |a, x| a.max(x.abs()))
        * 1.08;
    let rows = columns.len().max(1) as f64;
    draw(&words, ROW * columns.len().max(1) as u32 + 140, |root| {
        let mut chart = ChartBuilder::on(root)
            .margin_top(16)
            .margin_right(36)
            .x_label_area_size(96)
            .y_label_area_size(NAMES)
            .build_cartesian_2d(-reach..reach, rows..0.0)?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(MUTED)
            .x_labels(5)
            .y_labels(0)
            .x_label_formatter(&|x| format!("{x:+.1}").replace("+0.0", "0").replace("-0.0", "0"))
            .label_style(text(MUTED, HPos::Center, VPos::Top))
            .axis_desc_style(("sans-serif", TEXT).into_font().color(&INK))
            .x_desc("lowers the risk | raises it")
            .draw()?;
        chart.draw_series([PathElement::new(
            [(0.0, 0.0), (0.0, rows)],
            MUTED.stroke_width(3),
        )])?;
        for (at, column) in columns.iter().enumerate() {
            let y = at as f64 + 0.5;
            let color = if column.coefficient >= 0.0 {
                LEFT
            } else {
                STAYED
            };
            let (lo, hi) = column.interval();
            if lo.is_finite() && hi.is_finite() {
                chart.draw_series([PathElement::new([(lo, y), (hi, y)], color.stroke_width(4))])?;
            }
            chart.draw_series([Circle::new((column.coefficient, y), 9, color.filled())])?;
            let (_, pixel) = chart.backend_coord(&(0.0, y));
            let name = text(INK, HPos::Right, VPos::Center);
            root.draw_text(&column.feature, &name, (NAMES as i32 - 16, pixel))?;
        }
        Ok(())
    })
}
