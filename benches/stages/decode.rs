//! Bytes to events: canonical JSON of about 160 bytes, borrowed.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use holdfast_benches::{line, stream};
use holdfast_events::{CurrencyRule, Decoder, Record, Settings};

const EVENTS: u32 = 10_000;

fn decode(c: &mut Criterion) {
    let lines: Vec<String> = stream(EVENTS, 1_000, 90).map(|step| line(&step)).collect();
    let decoder = Decoder::new(Settings::new(CurrencyRule::Any));
    let mut group = c.benchmark_group("decode");
    group.throughput(Throughput::Elements(u64::from(EVENTS)));
    group.bench_function("canonical json", |b| {
        b.iter(|| {
            for line in &lines {
                black_box(decoder.decode(&Record::line(0, line.as_bytes())));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
