//! Features to a churn probability, its proven bounds, and the reasons for it: 24 columns.

#![allow(clippy::expect_used)] // a bench has nobody to report to

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use holdfast_benches::{START_MS, filled, model};
use holdfast_features::DAY_MS;
use holdfast_model::Scorer;

const CUSTOMERS: u32 = 20_000;

fn score(c: &mut Criterion) {
    let model = model().expect("a model of known features");
    let scorer = Scorer::new(&model).expect("a model of known features");
    let (store, everyone) = filled(CUSTOMERS * 10, CUSTOMERS);
    let mut scratch = scorer.scratch();
    let now = START_MS + 90 * DAY_MS;
    let mut group = c.benchmark_group("score");
    group.throughput(Throughput::Elements(everyone.len() as u64));
    group.bench_function("log-odds", |b| {
        b.iter(|| {
            for ix in &everyone {
                black_box(scorer.log_odds(&store, *ix, now, &mut scratch));
            }
        });
    });
    group.bench_function("bounds over 8 days", |b| {
        b.iter(|| {
            for ix in &everyone {
                black_box(scorer.bounds(&store, *ix, now..=now + 8 * DAY_MS, &mut scratch));
            }
        });
    });
    group.bench_function("reasons", |b| {
        b.iter(|| {
            for ix in &everyone {
                black_box(scorer.explain(&store, *ix, now, &mut scratch));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, score);
criterion_main!(benches);
