//! What the campaign found, as a table.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::scene::Difference;

#[derive(Default)]
struct Row {
    times: usize,
    lost: usize,
    doubled: usize,
    seconds: Vec<f64>,
}

/// Rows in the order in which faults first came.
#[derive(Default)]
pub(crate) struct Table {
    order: Vec<&'static str>,
    rows: BTreeMap<&'static str, Row>,
}

impl Table {
    fn row(&mut self, fault: &'static str) -> &mut Row {
        if !self.order.contains(&fault) {
            self.order.push(fault);
        }
        self.rows.entry(fault).or_default()
    }

    /// A fault was done; `seconds` until every partition went on, when there was anything left to do.
    pub(crate) fn done(&mut self, fault: &'static str, seconds: Option<f64>) {
        let row = self.row(fault);
        row.times += 1;
        row.seconds.extend(seconds);
    }

    /// What a round lost and doubled counts for each fault in it: which of them did it cannot be told.
    pub(crate) fn judge(&mut self, faults: &[&'static str], difference: Difference) {
        for fault in faults {
            let row = self.row(fault);
            row.lost += difference.lost;
            row.doubled += difference.doubled + difference.foreign + difference.disordered;
        }
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text = String::from(
            "| fault | times | lost | doubled | s to recover, median | max |\n| --- | --- | --- | --- | --- | --- |\n",
        );
        for fault in &self.order {
            let row = &self.rows[fault];
            let mut seconds = row.seconds.clone();
            seconds.sort_by(f64::total_cmp);
            let middle = median(&seconds).map_or("-".to_owned(), |s| format!("{s:.1}"));
            let greatest = seconds.last().map_or("-".to_owned(), |s| format!("{s:.1}"));
            let Row {
                times,
                lost,
                doubled,
                ..
            } = row;
            writeln!(
                text,
                "| {fault} | {times} | {lost} | {doubled} | {middle} | {greatest} |"
            )
            .unwrap();
        }
        text
    }
}

fn median(sorted: &[f64]) -> Option<f64> {
    let half = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[half]),
        _ => Some(f64::midpoint(sorted[half - 1], sorted[half])),
    }
}
