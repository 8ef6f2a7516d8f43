//! What a seed starts with: records of some partitions with the instants at which they arrive, models and settings.

use std::sync::{Arc, OnceLock};

use holdfast_consumer::{OwnedRecord, murmur2_partition};
use holdfast_model::{Model, Policy};
use holdfast_producer::Outputs;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::stream::{DAY, T0, fixture, lines, model};
use crate::config::{Clock, Settings, SourceKind};
use crate::pipeline::{self, Partition};

/// Where everything that chance decides comes from.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.0.gen_range(0..n.max(1))
    }

    pub(super) fn size(&mut self, from: usize, to: usize) -> usize {
        self.0.gen_range(from..=to)
    }

    pub(super) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(super) fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        let n = self.below(from.len() as u64);
        from.get(usize::try_from(n).unwrap_or(0)).cloned()
    }
}

/// One seed's world as it is before anything happens.
pub(super) struct Scene {
    pub(super) settings: Settings,
    /// The first decides at the start, the second may be taken over.
    pub(super) models: Vec<pipeline::Settings>,
    /// By partition, in order of offsets and of arrival: a record's timestamp is when it arrives.
    pub(super) input: Vec<Vec<OwnedRecord>>,
    /// For each partition, the offset after its last record and what else the log holds behind it.
    pub(super) ends: Vec<i64>,
    pub(super) workers: usize,
    /// Whether the second model is taken over on the way.
    pub(super) reloads: bool,
    /// When nobody comes any more, and all that silence brings has been brought.
    pub(super) end_of_time: i64,
    /// Of so many steps, one does harm.
    pub(super) harm_every: u64,
}

impl Scene {
    pub(super) fn new(seed: u64) -> Self {
        let mut draw = Draw::new(seed);
        let partitions = draw.size(1, 4);
        let events = draw.size(60, 300) as u64;
        let customers = draw.size(3, 16) as u64;
        let days = draw.size(30, 90);
        let reloads = draw.one_in(3);
        let mut settings = Settings::defaults();
        settings.source = SourceKind::Kafka;
        settings.silence.clock = Clock::Wall;
        settings.erasure.block_ms = DAY;
        settings.snapshot.interval_ms = i64::MAX;
        settings.snapshot.every_events = draw.size(5, 60) as u64;
        // Another model may predict otherwise in a rebuild than it did; without one the watch has to be the same too.
        let models = if reloads { models() } else { trained() };
        let models = models.iter();
        let models = models
            .map(|model| pipeline::Settings::new(&settings, model, true).unwrap())
            .collect();
        let mut texts = lines(seed, events, customers, i64::try_from(days).unwrap());
        let mut input: Vec<Vec<OwnedRecord>> = vec![Vec::new(); partitions];
        let mut ends = vec![0; partitions];
        let span = i64::try_from(days).unwrap() * DAY;
        if !reloads {
            // Events that are later than the grace come out otherwise when a tick was there before them.
            texts.retain(|text| !text.contains(r#""event_id":"l"#));
        }
        let mut now = T0;
        for text in &texts {
            // Late by as much as the lines are out of order: half an hour, which is less than the grace.
            now = now.max(instant(text).unwrap_or(now));
            let mut record = record(text, now);
            record.partition = home(&record, partitions);
            let ix = usize::try_from(record.partition).unwrap();
            // Control records of transactions take offsets too.
            record.offset = ends[ix] + i64::from(draw.one_in(12)) + i64::from(draw.one_in(30));
            ends[ix] = record.offset + 1;
            input[ix].push(record);
        }
        for end in &mut ends {
            *end += i64::from(draw.one_in(2));
        }
        Self {
            settings,
            models,
            input,
            ends,
            workers: draw.size(1, 2),
            reloads,
            harm_every: [20, 60, 150, 400][draw.size(0, 3)],
            // At noon: a cutoff of the watch at the very end would be closed by a tick that nobody commits any more.
            end_of_time: T0 + span + 60 * DAY + DAY / 2,
        }
    }

    /// The alerts of each partition by customer, when nothing ever goes wrong and nobody has to wait.
    pub(super) fn undisturbed(&self) -> Vec<Vec<(Vec<u8>, Vec<u8>)>> {
        let until = self.end_of_time - self.settings.silence.grace_ms;
        let worked = self.input.iter().map(|records| {
            let mut partition = Partition::new(&self.models[0]).unwrap();
            let mut out = Outputs::default();
            super::ledger::work(&mut partition, records, &mut out);
            partition.tick(until, &mut out);
            out.alerts.into_iter().map(|a| (a.key, a.value)).collect()
        });
        worked.collect()
    }
}

/// Two that decide differently.
fn models() -> &'static [Arc<Model>; 2] {
    static MODELS: OnceLock<[Arc<Model>; 2]> = OnceLock::new();
    MODELS.get_or_init(|| {
        let text = std::fs::read_to_string(fixture("every-kind.json")).unwrap();
        let other = text.replace("-1.5", "-1.2").replace("every-kind", "other");
        assert_ne!(text, other);
        // It brings thresholds along: they are taken over with it.
        let own = Policy::opening_at(0.7);
        let other = Model::from_json(other.as_bytes()).unwrap();
        let other = other.with_policy(own).unwrap();
        [Arc::new(model()), Arc::new(other)]
    })
}

/// The same as if they had been trained before the first event, so that they are watched.
fn trained() -> &'static [Arc<Model>; 2] {
    static TRAINED: OnceLock<[Arc<Model>; 2]> = OnceLock::new();
    TRAINED.get_or_init(|| {
        models().each_ref().map(|model| {
            let mut value: serde_json::Value =
                serde_json::from_str(&model.to_json().unwrap()).unwrap();
            value["sha256"] = "".into();
            value["training"] = serde_json::json!({
                "made_by": "nobody", "events": 0, "customers": 0, "rows": 0, "base_rate": 0.5, "alpha": 1.0,
                "first_ms": 0, "last_ms": T0, "until_ms": T0, "validation": [], "cutoffs": [],
                "metrics": holdfast_model::Metrics::default(),
            });
            Arc::new(Model::from_json(value.to_string().as_bytes()).unwrap())
        })
    })
}

/// The event's own time.
fn instant(line: &str) -> Option<i64> {
    let (_, rest) = line.split_once(r#""ts":"#)?;
    rest.split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

fn record(line: &str, arrives: i64) -> OwnedRecord {
    let (key, value) = match line.split_once('\t') {
        Some((key, value)) if !line.starts_with('{') => (Some(key), Some(value)),
        _ => (None, Some(line)),
    };
    OwnedRecord {
        partition: 0,
        offset: 0,
        key: key.map(|key| key.as_bytes().to_vec()),
        // As in files: nothing behind a key is a tombstone.
        value: value
            .filter(|value| key.is_none() || !value.is_empty())
            .map(|value| value.as_bytes().to_vec()),
        timestamp: Some(arrives),
        headers: Vec::new(),
    }
}

/// All of a customer is in one partition.
fn home(record: &OwnedRecord, partitions: usize) -> i32 {
    let value = record.value.as_deref().unwrap_or_default();
    let text = String::from_utf8_lossy(value);
    let named = text
        .split_once(r#""customer_id":""#)
        .and_then(|(_, rest)| rest.split('"').next());
    let key = record.key.as_deref();
    let key = key.or(named.map(str::as_bytes)).unwrap_or(b"nobody");
    let partition = murmur2_partition(key, u32::try_from(partitions).unwrap());
    i32::try_from(partition).unwrap()
}
