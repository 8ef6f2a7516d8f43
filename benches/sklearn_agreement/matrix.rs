//! The training matrix and the fit of an event file, for another tool to fit the same:
//! `cargo run --release --package holdfast-benches --example matrix -- HORIZON_DAYS OUT_DIR < EVENTS.jsonl`
//!
//! Writes `matrix.csv` (`left`, `p`, then one standardised column per feature) and `fit.json`, in which it also stands how
//! many seconds the whole of a fit took and linfa alone, from nought: medians of five.

#![allow(clippy::print_stderr, reason = "a command line tool")]

use std::fmt::Write as _;
use std::io::{self, BufRead, BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use holdfast_events::{CurrencyRule, Decoder, Headers, Outcome, Record, Settings};
use holdfast_model::fit::{fit, with_linfa};
use holdfast_model::newton::Problem;
use holdfast_model::rows::Rows;
use holdfast_model::train::{self, Trained};
use holdfast_model::{History, Label, LabelKind, cutoffs, probability};

type Fault = Box<dyn std::error::Error>;

fn main() -> Result<(), Fault> {
    let mut args = std::env::args().skip(1);
    let (Some(horizon), Some(out)) = (args.next(), args.next()) else {
        return Err("usage: matrix HORIZON_DAYS OUT_DIR < EVENTS.jsonl".into());
    };
    let horizon_days: u32 = horizon.parse()?;
    let label = Label {
        kind: LabelKind::Purchase,
        horizon_days,
        active_days: 2 * horizon_days,
    };
    let mut history = read(&label)?;
    let until_ms = cutoffs::day_end(history.last_ms().ok_or("no events")?);
    history.finish(until_ms);
    let first_ms = history.first_ms().ok_or("no events")?;
    let cutoffs = cutoffs::training(first_ms, until_ms, horizon_days)?;
    let settings = holdfast_benches::settings();
    let rows = Rows::collect(&history, &label, settings, &cutoffs, until_ms)?;
    let trained = train::train(&rows, &label)?;
    write(Path::new(&out), &rows, &trained)?;
    eprintln!(
        "{} rows of {} columns in {out}",
        rows.len(),
        trained.columns.len()
    );
    Ok(())
}

fn read(label: &Label) -> Result<History, Fault> {
    let decoder = Decoder::new(Settings::new(CurrencyRule::Ignore));
    let mut history = History::new(label.kind.clone());
    for (offset, line) in io::stdin().lock().split(b'\n').enumerate() {
        let line = line?;
        let record = Record {
            partition: 0,
            offset: offset as i64,
            line: Some(offset as u64 + 1),
            key: None,
            value: Some(&line),
            timestamp: None,
            headers: Headers::default(),
        };
        match decoder.decode(&record) {
            Outcome::Event(event) => history.push(&event),
            Outcome::Erase { customer_id, .. } => history.erase(&customer_id),
            Outcome::Rejected(rejection) => {
                return Err(format!("line {}: {}", offset + 1, rejection.detail).into());
            }
        }
    }
    Ok(history)
}

fn write(out: &Path, rows: &Rows, trained: &Trained) -> Result<(), Fault> {
    std::fs::create_dir_all(out)?;
    let mut csv = BufWriter::new(std::fs::File::create(out.join("matrix.csv"))?);
    let names: Vec<&str> = trained.columns.iter().map(|c| c.feature.as_str()).collect();
    writeln!(csv, "left,p,{}", names.join(","))?;
    for (row, left) in rows.left.iter().enumerate() {
        let values = trained.design.row(row);
        write!(
            csv,
            "{},{}",
            u8::from(*left),
            probability(train::log_odds(values, trained))
        )?;
        for value in values {
            write!(csv, ",{value}")?;
        }
        writeln!(csv)?;
    }
    csv.flush()?;
    let weights: Vec<f64> = trained.columns.iter().map(|c| c.coefficient).collect();
    let (whole, alone) = seconds(rows, trained)?;
    let mut text = String::new();
    writeln!(
        text,
        "{{\"alpha\": {}, \"intercept\": {}, \"fit_s\": {whole}, \"linfa_s\": {alone},",
        trained.alpha, trained.intercept
    )?;
    writeln!(text, " \"coefficients\": {weights:?}}}")?;
    std::fs::write(out.join("fit.json"), text)?;
    Ok(())
}

/// Of a fit as the program does it, and of linfa from nought.
fn seconds(rows: &Rows, trained: &Trained) -> Result<(f64, f64), Fault> {
    let problem = Problem {
        values: &trained.design.values,
        positive: &rows.left,
        width: trained.design.width(),
        alpha: trained.alpha,
    };
    let names = vec![""; problem.width];
    let (mut whole, mut alone) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let began = Instant::now();
        fit(&problem, &names)?;
        whole.push(began.elapsed().as_secs_f64());
        let began = Instant::now();
        with_linfa(&problem, None)?;
        alone.push(began.elapsed().as_secs_f64());
    }
    let median = |mut all: Vec<f64>| {
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    Ok((median(whole), median(alone)))
}
