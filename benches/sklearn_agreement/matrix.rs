//! The training matrix and the fit of an event file, for another tool to fit the same:
//! `cargo run --release --package holdfast-benches --example matrix -- HORIZON_DAYS OUT_DIR < EVENTS.jsonl`
//!
//! Writes `matrix.csv` (`left`, `p`, then one standardised column per feature) and `fit.json`.

#![allow(clippy::print_stderr, reason = "a command line tool")]

use std::fmt::Write as _;
use std::io::{self, BufRead, BufWriter, Write};
use std::path::Path;

use holdfast_events::{CurrencyRule, Decoder, Headers, Outcome, Record, Settings};
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
    let mut fit = String::new();
    writeln!(
        fit,
        "{{\"alpha\": {}, \"intercept\": {},",
        trained.alpha, trained.intercept
    )?;
    writeln!(fit, " \"coefficients\": {weights:?}}}")?;
    std::fs::write(out.join("fit.json"), fit)?;
    Ok(())
}
