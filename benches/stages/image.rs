//! Images of a million customers: bytes as compressed, time per customer, the longest pause that a change may meet, and
//! the way back.
//!
//! `cargo bench --package holdfast-benches --bench image` prints a table per workload: visits of a few events each, about
//! ten events per customer, as a shop sees them; and ten events on ten days of their own, the most that so many can take.
//! With a number behind `--`, visits of that many customers.
#![allow(clippy::print_stdout)] // the table is the result

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use holdfast_benches::{Step, customer_id, model, settings, stream, visits};
use holdfast_features::{Applied, Piece, Store};
use holdfast_policy::{Config, Decider, Seen};

const CUSTOMERS: u32 = 1_000_000;
/// How far deadlines stay behind the clock, as in a deployment.
const GRACE_MS: i64 = 3_600_000;
/// Of zstd, as snapshots are written.
const LEVEL: i32 = 1;

/// A store and a decider with the default policy, after these events and whatever fell due meanwhile.
fn filled(steps: impl Iterator<Item = Step>) -> Result<(Store, Decider), Box<dyn Error>> {
    let mut store = Store::new(settings());
    let mut decider = Decider::new(Arc::new(Config::default().check()?), &model()?)?;
    let (mut clock, mut out) = (i64::MIN, |_| {});
    for step in steps {
        let ix = store.intern(&customer_id(step.customer));
        let ts = step.input.ts;
        decider.before_event(&mut store, ix, ts, &mut out);
        if store.apply(ix, &step.input) == Applied::Applied {
            let kind = step.input.kind;
            let seen = Seen {
                kind,
                type_name: kind.name(),
                ts,
                event_id: "e0000000001",
            };
            decider.after_event(&mut store, ix, &seen, &mut out);
        }
        clock = clock.max(ts);
        decider.advance(&mut store, clock - GRACE_MS, &mut out);
    }
    Ok((store, decider))
}

fn print(what: &str, value: f64, unit: &str) {
    println!("  {what:<36} {value:>8.1} {unit}");
}

fn measure(what: &str, steps: impl Iterator<Item = Step>) -> Result<(), Box<dyn Error>> {
    let (mut store, decider) = filled(steps)?;
    let customers = store.len() as f64;
    println!("{what}: {customers} customers");
    let began = Instant::now();
    store.begin_image();
    print("beginning", began.elapsed().as_secs_f64() * 1e6, "us");
    let (mut pieces, mut times) = (Vec::<Piece>::new(), Vec::new());
    let began = Instant::now();
    loop {
        let piece = Instant::now();
        let is_complete = store.continue_image(1, &mut pieces);
        times.push(piece.elapsed().as_secs_f64() * 1e6);
        if is_complete {
            break;
        }
    }
    let encoding = began.elapsed().as_secs_f64();
    print("encoding", encoding * 1e9 / customers, "ns per customer");
    times.sort_by(f64::total_cmp);
    for (name, share) in [
        ("a piece, p50", 0.5),
        ("a piece, p99", 0.99),
        ("a piece at most", 1.0),
    ] {
        print(
            name,
            times[((times.len() - 1) as f64 * share) as usize],
            "us",
        );
    }
    let raw: usize = pieces.iter().map(|piece| piece.bytes.len()).sum();
    print("raw", raw as f64 / customers, "bytes per customer");
    let began = Instant::now();
    let mut packed = 0;
    for piece in &pieces {
        packed += zstd::bulk::compress(&piece.bytes, LEVEL)?.len();
    }
    let compressing = began.elapsed().as_secs_f64();
    print(
        "compressed, zstd 1",
        packed as f64 / customers,
        "bytes per customer",
    );
    print(
        "compressing",
        compressing * 1e9 / customers,
        "ns per customer",
    );
    let began = Instant::now();
    let restored = Store::restore(*store.settings(), 1, &pieces)?;
    print("restoring all", began.elapsed().as_secs_f64() * 1e3, "ms");
    assert_eq!(
        restored.digest(),
        store.digest(),
        "the restored store differs"
    );
    decisions(&decider, &store)
}

/// The same for marks and records of decisions, which are copied at once.
fn decisions(decider: &Decider, store: &Store) -> Result<(), Box<dyn Error>> {
    let customers = store.len() as f64;
    let began = Instant::now();
    let image = decider.image();
    print(
        "decisions, copying",
        began.elapsed().as_secs_f64() * 1e6,
        "us",
    );
    let bytes = image.encode();
    let packed = zstd::bulk::compress(&bytes, LEVEL)?.len();
    print(
        "decisions, raw",
        bytes.len() as f64 / customers,
        "bytes per customer",
    );
    print(
        "decisions, compressed, zstd 1",
        packed as f64 / customers,
        "bytes per customer",
    );
    let began = Instant::now();
    let policy = Arc::new(Config::default().check()?);
    let restored = Decider::restore(policy, &model()?, &bytes, store)?;
    print(
        "decisions, restoring all",
        began.elapsed().as_secs_f64() * 1e3,
        "ms",
    );
    assert_eq!(
        restored.digest(store),
        decider.digest(store),
        "the restored decisions differ"
    );
    println!("  {} episodes are open", decider.open_episodes());
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    // `benches/scale.py` asks for sizes of its own.
    if let Some(customers) = std::env::args().find_map(|a| a.parse().ok()) {
        return measure("visits", visits(customers));
    }
    // `cargo test --benches` runs this too: then a thousandth is enough to see that it works.
    let whole = std::env::args().any(|a| a == "--bench");
    let customers = if whole { CUSTOMERS } else { CUSTOMERS / 1_000 };
    measure("visits", visits(customers))?;
    measure(
        "every event on its own day",
        stream(customers * 10, customers, 90),
    )
}
