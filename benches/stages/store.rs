//! Events into state, at random customers: the memory of 200,000 of them does not fit into the caches.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use holdfast_benches::{Step, customer_id, settings, stream};
use holdfast_features::Store;

const CUSTOMERS: u32 = 200_000;
const EVENTS: u32 = 400_000;
const BATCH: usize = 64;

fn filled(steps: &[Step], ids: &[String]) -> Store {
    let mut store = Store::new(settings());
    for step in steps {
        let ix = store.intern(&ids[step.customer as usize]);
        store.apply(ix, &step.input);
    }
    store
}

fn update(c: &mut Criterion) {
    let ids: Vec<String> = (0..CUSTOMERS).map(customer_id).collect();
    let steps: Vec<Step> = stream(2 * EVENTS, CUSTOMERS, 90).collect();
    let (before, after) = steps.split_at(EVENTS as usize);
    let mut group = c.benchmark_group("store");
    group.throughput(Throughput::Elements(u64::from(EVENTS)));
    group.sample_size(10);
    group.bench_function("one by one", |b| {
        b.iter_batched(
            || filled(before, &ids),
            |mut store| {
                for step in after {
                    let ix = store.intern(&ids[step.customer as usize]);
                    store.apply(ix, &step.input);
                }
                store
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("batches of 64, looked up ahead", |b| {
        b.iter_batched(
            || filled(before, &ids),
            |mut store| {
                let mut hashes = Vec::with_capacity(BATCH);
                for batch in after.chunks(BATCH) {
                    hashes.clear();
                    hashes.extend(batch.iter().map(|s| store.hash(&ids[s.customer as usize])));
                    store.prefetch(&hashes);
                    for (step, hash) in batch.iter().zip(&hashes) {
                        let ix = store.intern_hashed(*hash, &ids[step.customer as usize]);
                        store.apply(ix, &step.input);
                    }
                }
                store
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, update);
criterion_main!(benches);
