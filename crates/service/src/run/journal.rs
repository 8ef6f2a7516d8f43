//! The journal of one partition, read back for a restart.
//!
//! Every commit says how many entries the partition's journal has, and every pack the number of its first entry, so
//! that a journal with a hole, of another log, or longer than the commit is told from a whole one.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use holdfast_consumer::{KafkaSettings, committed_end, read_partition};
use holdfast_policy::journal::{Entry, Pack};

use super::RunError;

/// How long the broker may take, and a transaction may stay open.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the broker may take to tell the journal's end.
const ANSWER: Duration = Duration::from_secs(5);

/// The journal of all partitions.
pub(crate) struct JournalLog {
    place: Box<dyn Place>,
    /// For each partition, an offset of the journal that is not behind anything written after it was asked for.
    ends: Mutex<BTreeMap<i32, i64>>,
}

/// Where the journal is.
pub(crate) trait Place: Send + Sync {
    /// The offset after everything of a partition that is committed; none where there are no offsets, or no answer in
    /// time.
    fn end(&self, partition: i32) -> Option<i64>;

    /// The committed records of a partition, with their offsets; those at offsets below `from` may be left out. Waits
    /// for transactions that are open.
    fn read(&self, partition: i32, from: i64) -> Result<Vec<(i64, Vec<u8>)>, RunError>;

    /// What people call the record at an offset.
    fn name(&self, partition: i32, offset: i64) -> String;
}

/// The journal topic.
pub(crate) struct KafkaJournal {
    pub(crate) client: KafkaSettings,
    pub(crate) topic: String,
}

/// What the embedded log's manifest vouches for, all partitions.
pub(crate) struct Values(pub(crate) Vec<Vec<u8>>);

impl Place for KafkaJournal {
    fn end(&self, partition: i32) -> Option<i64> {
        committed_end(&self.client, (&self.topic, partition), ANSWER).ok()
    }

    fn read(&self, partition: i32, from: i64) -> Result<Vec<(i64, Vec<u8>)>, RunError> {
        let records = read_partition(&self.client, (&self.topic, partition), from, PATIENCE)?;
        let values = records
            .into_iter()
            .filter_map(|r| Some((r.offset, r.value?)));
        Ok(values.collect())
    }

    fn name(&self, partition: i32, offset: i64) -> String {
        let topic = &self.topic;
        format!("topic `{topic}`, partition {partition}, offset {offset}")
    }
}

impl Place for Values {
    fn end(&self, _: i32) -> Option<i64> {
        None
    }

    fn read(&self, _: i32, _: i64) -> Result<Vec<(i64, Vec<u8>)>, RunError> {
        Ok((0..).zip(self.0.iter().cloned()).collect())
    }

    fn name(&self, _: i32, number: i64) -> String {
        format!("the log's manifest, entry {number}")
    }
}

impl JournalLog {
    pub(crate) fn new(place: impl Place + 'static) -> Self {
        Self {
            place: Box::new(place),
            ends: Mutex::default(),
        }
    }

    /// An offset below which everything was written before now, as far as it is known: a snapshot of a later state
    /// needs nothing below it.
    pub(super) fn end(&self, partition: i32) -> i64 {
        let ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.get(&partition).copied().unwrap_or(0)
    }

    fn set_end(&self, partition: i32, end: i64) {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.insert(partition, end);
    }

    /// Asks for the end anew. An answer that does not come costs reading more at the next start.
    pub(super) fn look(&self, partition: i32) {
        if let Some(end) = self.place.end(partition) {
            self.set_end(partition, end);
        }
    }

    /// The committed packs of a partition; those at offsets below `from` are left out.
    pub(crate) fn read(&self, partition: i32, from: i64) -> Result<Vec<Pack>, RunError> {
        let records = self.place.read(partition, from)?;
        self.set_end(partition, records.last().map_or(from, |(at, _)| at + 1));
        let packs = records.iter().map(|(at, value)| {
            pack(value).map_err(|fault| {
                RunError::Config(format!("{}: {fault}", self.place.name(partition, *at)))
            })
        });
        let mut packs = packs.collect::<Result<Vec<_>, _>>()?;
        packs.retain(|pack| pack.partition == partition);
        Ok(packs)
    }
}

fn pack(value: &[u8]) -> Result<Pack, String> {
    Pack::from_bytes(value).map_err(|fault| format!("no journal of this program: {fault}"))
}

/// The entries with the numbers `from..to`.
///
/// # Errors
/// A text, when some are missing or there are more.
pub(crate) fn between(packs: Vec<Pack>, from: u64, to: u64) -> Result<VecDeque<Entry>, String> {
    let mut entries = VecDeque::new();
    let mut next = from;
    for pack in packs {
        let end = pack.first + pack.entries.len() as u64;
        if end <= from {
            continue;
        }
        let first = pack.first;
        if first < next && next > from {
            return Err(format!("entry {first} of the journal is there twice"));
        }
        if first > next {
            return Err(format!(
                "entries {next} to {} of the journal are missing",
                first - 1
            ));
        }
        let known = usize::try_from(next - pack.first).unwrap_or(usize::MAX);
        entries.extend(pack.entries.into_iter().skip(known));
        next = end;
    }
    match next.cmp(&to) {
        std::cmp::Ordering::Equal => Ok(entries),
        std::cmp::Ordering::Less => Err(format!(
            "the journal ends with entry {next}, and {to} were committed"
        )),
        std::cmp::Ordering::Greater => Err(format!(
            "the journal has {next} entries and the commit knows {to}: was the offset set back?"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_policy::journal::What;

    fn pack(first: u64, ticks: &[i64]) -> Pack {
        let entries = ticks.iter().map(|to| Entry {
            at: 1,
            what: What::Tick { to: *to },
        });
        Pack {
            partition: 0,
            offset: 1,
            first,
            entries: entries.collect(),
        }
    }

    fn ticks(entries: VecDeque<Entry>) -> Vec<i64> {
        let tick = |entry: Entry| match entry.what {
            What::Tick { to } => to,
            other => panic!("{other:?}"),
        };
        entries.into_iter().map(tick).collect()
    }

    #[test]
    fn entries_before_the_snapshot_are_left_out_even_inside_a_pack() {
        let packs = vec![pack(0, &[0, 1]), pack(2, &[2, 3, 4]), pack(5, &[5])];
        assert_eq!(ticks(between(packs, 3, 6).unwrap()), [3, 4, 5]);
    }

    #[test]
    fn a_hole_a_short_and_a_long_journal_are_told() {
        let told = |packs, from, to| between(packs, from, to).unwrap_err();
        assert!(told(vec![pack(0, &[0]), pack(2, &[2])], 0, 3).contains("entries 1 to 1"));
        assert!(told(vec![pack(4, &[4])], 2, 5).contains("entries 2 to 3"));
        assert!(told(vec![pack(0, &[0])], 0, 2).contains("ends with entry 1"));
        assert!(told(vec![pack(0, &[0, 1])], 0, 1).contains("set back"));
        assert!(
            told(vec![pack(0, &[0, 1]), pack(1, &[1])], 0, 2)
                .contains("entry 1 of the journal is there twice")
        );
        assert!(told(Vec::new(), 1, 2).contains("ends with entry 1"));
        assert!(between(Vec::new(), 2, 2).unwrap().is_empty());
    }
}
