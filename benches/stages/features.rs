//! State to features: all that a customer's model columns may ask for, at one instant.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use holdfast_benches::{START_MS, filled};
use holdfast_features::{DAY_MS, FeatureId, Plan, feature, registry};

const CUSTOMERS: u32 = 20_000;

/// The first 24 of the registry, as a default model has about that many columns.
fn wanted() -> Vec<FeatureId> {
    registry()
        .iter()
        .take(24)
        .filter_map(|f| feature(f.name))
        .collect()
}

fn features(c: &mut Criterion) {
    let (store, everyone) = filled(CUSTOMERS * 10, CUSTOMERS);
    let plan = Plan::new(&wanted());
    let now = START_MS + 90 * DAY_MS;
    let mut group = c.benchmark_group("features");
    group.throughput(Throughput::Elements(everyone.len() as u64));
    group.bench_function("24 at one instant", |b| {
        let mut out = vec![0.0; plan.len()];
        b.iter(|| {
            for ix in &everyone {
                store.features(*ix, now, &plan, &mut out);
                black_box(&out);
            }
        });
    });
    group.bench_function("24 bounded over a week", |b| {
        let mut out = vec![(0.0, 0.0); plan.len()];
        b.iter(|| {
            for ix in &everyone {
                store.bounds(*ix, now..=now + 7 * DAY_MS, &plan, &mut out);
                black_box(&out);
            }
        });
    });
    group.finish();
}

criterion_group!(benches, features);
criterion_main!(benches);
