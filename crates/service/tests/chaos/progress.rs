//! How far the group has come, seen from outside: its committed offsets.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use holdfast_consumer::{KafkaSettings, committed_offsets};

use crate::scene::PARTITIONS;

/// How often the broker is asked.
const EVERY: Duration = Duration::from_millis(20);
const ANSWER: Duration = Duration::from_secs(2);
/// Going on has to take less.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// Next offset by partition; none committed is zero.
pub(crate) type Offsets = BTreeMap<i32, i64>;

/// Follows committed offsets on a thread of its own.
pub(crate) struct Progress {
    latest: Arc<Mutex<(u64, Offsets)>>,
    over: Arc<AtomicBool>,
    /// Of each partition when everything was fed.
    ends: Vec<i64>,
}

impl Progress {
    pub(crate) fn follow(client: KafkaSettings, ends: Vec<i64>) -> Self {
        let latest = Arc::<Mutex<(u64, Offsets)>>::default();
        let over = Arc::<AtomicBool>::default();
        let (to, until) = (Arc::clone(&latest), Arc::clone(&over));
        thread::spawn(move || {
            let partitions: Vec<i32> = (0..PARTITIONS.cast_signed()).collect();
            while !until.load(Ordering::Acquire) {
                // A broker that is away, or a transaction that hides the offsets: they are asked for again.
                if let Ok(found) = committed_offsets(&client, &partitions, ANSWER) {
                    let offsets = found
                        .into_iter()
                        .map(|(partition, at)| (partition, at.map_or(0, |(offset, _)| offset)));
                    let mut latest = to.lock().unwrap();
                    *latest = (latest.0 + 1, offsets.collect());
                }
                thread::sleep(EVERY);
            }
        });
        Self { latest, over, ends }
    }

    pub(crate) fn now(&self) -> Offsets {
        self.latest.lock().unwrap().1.clone()
    }

    /// An answer to a question that is asked from now on.
    pub(crate) fn fresh(&self) -> Offsets {
        let answers = || self.latest.lock().unwrap().0;
        // The next answer may be one to a question already asked.
        let enough = answers() + 2;
        self.wait("answer", || answers() >= enough);
        self.now()
    }

    fn end(&self, partition: i32) -> i64 {
        self.ends[usize::try_from(partition).unwrap()]
    }

    /// Of all records, between 0 and 1.
    pub(crate) fn share(&self) -> f64 {
        let sum = |values: &mut dyn Iterator<Item = i64>| values.sum::<i64>() as f64;
        sum(&mut self.now().into_values()) / sum(&mut self.ends.iter().copied())
    }

    pub(crate) fn wait_for_share(&self, share: f64) {
        self.wait("progress", || self.share() >= share);
    }

    /// Seconds from `since` until every partition has gone on from `floor`; none if nothing was left to do.
    pub(crate) fn recovery(
        &self,
        floor: &Offsets,
        since: Instant,
        mut meanwhile: impl FnMut(),
    ) -> Option<f64> {
        let at = |offsets: &Offsets, partition| offsets.get(&partition).copied().unwrap_or(0);
        let left: Vec<i32> = (0..PARTITIONS.cast_signed())
            .filter(|partition| at(floor, *partition) < self.end(*partition))
            .collect();
        self.wait("going on", || {
            meanwhile();
            let now = self.now();
            left.iter().all(|p| at(&now, *p) > at(floor, *p))
        });
        (!left.is_empty()).then(|| since.elapsed().as_secs_f64())
    }

    fn wait(&self, what: &str, mut done: impl FnMut() -> bool) {
        let began = Instant::now();
        while !done() {
            let now = self.now();
            assert!(
                began.elapsed() < PATIENCE,
                "no {what} within {PATIENCE:?}: {now:?}"
            );
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
    }
}
