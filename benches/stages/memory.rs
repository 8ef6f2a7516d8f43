//! Bytes per customer, key included, for a million customers over 90 days.
//!
//! `cargo bench --package holdfast-benches --bench memory` prints a table per workload: visits of a few events each, about
//! ten events per customer, as a shop sees them; and ten events on ten days of their own, the most that so many can take.
#![allow(clippy::print_stdout)] // the table is the result

use holdfast_benches::{Step, customer_id, settings, stream, visits};
use holdfast_features::Store;

const CUSTOMERS: u32 = 1_000_000;

fn measure(what: &str, steps: impl Iterator<Item = Step>) {
    let mut store = Store::new(settings());
    let mut events = 0u64;
    for step in steps {
        let ix = store.intern(&customer_id(step.customer));
        while store.next_timer(ix).is_some_and(|at| at <= step.input.ts) {
            store.fire_timer(ix);
        }
        store.apply(ix, &step.input);
        events += 1;
    }
    let memory = store.memory();
    let customers = store.len() as f64;
    println!(
        "{what}: {customers} customers, {:.1} events each",
        events as f64 / customers
    );
    for (part, bytes) in [
        ("keys", memory.keys),
        ("heads", memory.heads),
        ("words", memory.words),
        ("recent ids", memory.recent),
        ("all", memory.total()),
    ] {
        println!(
            "  {part:<12} {:>8.1} bytes per customer",
            bytes as f64 / customers
        );
    }
}

fn main() {
    // `cargo test --benches` runs this too: then a thousandth is enough to see that it works.
    let whole = std::env::args().any(|a| a == "--bench");
    let customers = if whole { CUSTOMERS } else { CUSTOMERS / 1_000 };
    measure("visits", visits(customers));
    measure(
        "every event on its own day",
        stream(customers * 10, customers, 90),
    );
}
