//! A figure over periods, with what is forecast of it.

use anyhow::Result;
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::{Figure, GRID, INK, LEFT, MUTED, STAYED, TEXT, Words, band, draw, text};
use crate::report::{
    numbers::{compact, fixed},
    view::Interval,
};

/// What is drawn.
pub(in crate::report) struct Series<'a> {
    pub(in crate::report) title: &'a str,
    pub(in crate::report) is_percent: bool,
    /// Name of each period and its value, the forecast ones behind.
    pub(in crate::report) names: Vec<String>,
    pub(in crate::report) values: Vec<Option<f64>>,
    pub(in crate::report) ahead: Vec<Interval>,
}

impl Series<'_> {
    fn label(&self, y: f64) -> String {
        if self.is_percent {
            format!("{y:.0} %")
        } else {
            compact(y.max(0.0).round() as u64)
        }
    }

    fn described(&self) -> String {
        let write = |x: f64| fixed(x, usize::from(self.is_percent));
        let known = self.names.iter().zip(&self.values);
        let known = known.filter_map(|(name, x)| x.map(|x| format!("{name}: {}", write(x))));
        let from = self.names.len() - self.ahead.len();
        let ahead = self.names[from..].iter().zip(&self.ahead).map(|(name, i)| {
            let [value, lo, hi] = [i.value, i.lo, i.hi].map(write);
            format!("forecast for {name}: {value} ({lo} to {hi})")
        });
        known.chain(ahead).collect::<Vec<_>>().join("; ")
    }

    /// Runs of neighbouring known values.
    fn runs(&self) -> Vec<Vec<(f64, f64)>> {
        let mut runs = vec![Vec::new()];
        for (at, value) in self.values.iter().enumerate() {
            match (value, runs.last_mut()) {
                (Some(y), Some(run)) => run.push((at as f64, *y)),
                _ => runs.push(Vec::new()),
            }
        }
        runs.retain(|run| !run.is_empty());
        runs
    }

    fn top(&self) -> f64 {
        if self.is_percent {
            return 100.0;
        }
        let values = self.values.iter().flatten().copied();
        let ends = self.ahead.iter().map(|i| i.hi);
        values.chain(ends).fold(1.0, f64::max) * 1.08
    }
}

pub(in crate::report) fn series(id: &str, series: &Series<'_>) -> Result<Figure> {
    let words = Words {
        id,
        title: series.title,
        description: series.described(),
    };
    let last = (series.names.len().max(2) - 1) as f64;
    draw(&words, 560, |root| {
        let mut chart = ChartBuilder::on(root)
            .margin_top(28)
            .margin_left(16)
            .margin_right(72)
            .x_label_area_size(60)
            .y_label_area_size(120)
            .build_cartesian_2d(0.0..last, 0.0..series.top())?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(MUTED)
            .x_labels(4)
            .y_labels(5)
            .x_label_formatter(&|x| {
                let at = x.round();
                // The zero of the other axis stands right beside the first one.
                let is_named = at > 0.0 && (x - at).abs() < 1e-6;
                let name = series.names.get(at as usize).filter(|_| is_named);
                name.cloned().unwrap_or_default()
            })
            .y_label_formatter(&|y| series.label(*y))
            .label_style(text(MUTED, HPos::Center, VPos::Top))
            .axis_desc_style(("sans-serif", TEXT).into_font().color(&INK))
            .draw()?;
        let from = series.values.len() as f64;
        let ahead: Vec<(f64, Interval)> = series
            .ahead
            .iter()
            .enumerate()
            .map(|(h, i)| (from + h as f64, *i))
            .collect();
        chart.draw_series(band(&ahead, LEFT))?;
        for run in series.runs() {
            let dots = run.iter().map(|at| Circle::new(*at, 6, STAYED.filled()));
            let dots: Vec<_> = dots.collect();
            chart.draw_series(LineSeries::new(run, STAYED.stroke_width(5)))?;
            chart.draw_series(dots)?;
        }
        let end = series.values.last().copied().flatten();
        let line = end.map(|y| (from - 1.0, y)).into_iter();
        let line: Vec<(f64, f64)> = line
            .chain(ahead.iter().map(|(x, i)| (*x, i.value)))
            .collect();
        if line.len() > 1 {
            chart.draw_series(DashedLineSeries::new(line, 12, 10, LEFT.stroke_width(5)))?;
        }
        Ok(())
    })
}
