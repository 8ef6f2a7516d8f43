//! Bytes per customer, key included: a million customers of about ten events each over 90 days.
//!
//! `cargo bench --package holdfast-benches --bench memory` prints one row per part of the store.
#![allow(clippy::print_stdout)] // the table is the result

use holdfast_benches::{customer_id, settings, stream};
use holdfast_features::Store;

const CUSTOMERS: u32 = 1_000_000;

fn main() {
    // `cargo test --benches` runs this too: then a thousandth is enough to see that it works.
    let customers = if std::env::args().any(|a| a == "--bench") {
        CUSTOMERS
    } else {
        CUSTOMERS / 1_000
    };
    let mut store = Store::new(settings());
    for step in stream(customers * 10, customers, 90) {
        let ix = store.intern(&customer_id(step.customer));
        store.apply(ix, &step.input);
    }
    let memory = store.memory();
    let per = |bytes: usize| bytes as f64 / store.len() as f64;
    println!("{} customers, {} events", store.len(), customers * 10);
    for (part, bytes) in [
        ("keys", memory.keys),
        ("heads", memory.heads),
        ("words", memory.words),
        ("recent ids", memory.recent),
        ("all", memory.total()),
    ] {
        println!("{part:<12} {:>8.1} bytes per customer", per(bytes));
    }
}
