//! Decisions with silence on: what an event costs, and what the deadlines of everybody cost when time moves on.

#![allow(clippy::expect_used)] // a bench has nobody to report to

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use holdfast_benches::{START_MS, Step, customer_id, model, settings, stream};
use holdfast_features::{DAY_MS, Ix, Store};
use holdfast_policy::{Config, Decider, Seen};

const CUSTOMERS: u32 = 20_000;
const EVENTS: u32 = 200_000;

/// A decider with the default policy, and its store.
fn fresh() -> (Store, Decider) {
    let settings_of_policy = Config::default().check().expect("defaults are valid");
    let model = model().expect("a model of known features");
    let decider = Decider::new(Arc::new(settings_of_policy), &model).expect("a model that scores");
    (Store::new(settings()), decider)
}

/// Takes events in and decides; how many alerts that made.
fn decide(store: &mut Store, decider: &mut Decider, steps: &[Step], ids: &[String]) -> u64 {
    let mut alerts = 0;
    let mut out = |_| alerts += 1;
    for step in steps {
        let ix: Ix = store.intern(&ids[step.customer as usize]);
        if decider.is_due(ix, step.input.ts) {
            decider.before_event(store, ix, step.input.ts, &mut out);
        }
        store.apply(ix, &step.input);
        let seen = Seen {
            kind: step.input.kind,
            type_name: step.input.kind.name(),
            ts: step.input.ts,
            event_id: "e0000000001",
        };
        decider.after_event(store, ix, &seen, &mut out);
    }
    alerts
}

fn deadline(c: &mut Criterion) {
    let ids: Vec<String> = (0..CUSTOMERS).map(customer_id).collect();
    let steps: Vec<Step> = stream(EVENTS, CUSTOMERS, 90).collect();
    let mut group = c.benchmark_group("deadline");
    group.sample_size(10);
    group.throughput(Throughput::Elements(u64::from(EVENTS)));
    group.bench_function("per event", |b| {
        b.iter_batched(
            fresh,
            |(mut store, mut decider)| {
                black_box(decide(&mut store, &mut decider, &steps, &ids));
                (store, decider)
            },
            BatchSize::PerIteration,
        );
    });
    group.throughput(Throughput::Elements(u64::from(CUSTOMERS)));
    group.bench_function("everybody silent for 60 days", |b| {
        b.iter_batched(
            || {
                let (mut store, mut decider) = fresh();
                decide(&mut store, &mut decider, &steps, &ids);
                (store, decider)
            },
            |(mut store, mut decider)| {
                let mut alerts = 0u64;
                decider.advance(&mut store, START_MS + 150 * DAY_MS, &mut |_| alerts += 1);
                black_box(alerts);
                (store, decider)
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, deadline);
criterion_main!(benches);
