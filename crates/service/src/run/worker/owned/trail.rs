//! What was read, as one number: a second reading has to be the same as the first.
//!
//! State is a function of the input, so a restart that reads other records at the same offsets, from a topic that was
//! made anew, cut by an unclean election, restored or compacted, would go on from a state that nobody ever had. Places,
//! timestamps and lengths tell all of these; the content itself is guarded by the broker's checksums.

use holdfast_events::Record;

/// Odd numbers without a pattern.
const FIRST: u64 = 0x9e37_79b9_7f4a_7c15;
const SECOND: u64 = 0xd1b5_4a32_d192_ed03;

/// A hash of all records so far, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trail(u64);

impl Trail {
    /// Of nothing yet, at the offset where reading begins.
    pub(super) fn from_offset(offset: i64) -> Self {
        Self(offset.unsigned_abs())
    }

    /// As it was written down.
    pub(super) fn resumed(hash: u64) -> Self {
        Self(hash)
    }

    pub(super) fn hash(self) -> u64 {
        self.0
    }

    pub(super) fn add(&mut self, records: &[Record<'_>]) {
        for record in records {
            let length = |bytes: Option<&[u8]>| bytes.map_or(u64::MAX, |bytes| bytes.len() as u64);
            let place = record.offset.cast_unsigned() ^ (length(record.key) << 48);
            let time = record.timestamp.unwrap_or(i64::MIN).cast_unsigned();
            let what = time ^ (length(record.value) << 44);
            // 53 bits: whoever reads it as JSON gets it whole.
            self.0 = fold(self.0 ^ place ^ FIRST, what ^ SECOND) >> 11;
        }
    }
}

/// One wide multiplication: half the time of a general hash, and this is done for every record.
#[expect(clippy::cast_possible_truncation, reason = "both halves are taken")]
fn fold(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    (wide as u64) ^ ((wide >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(offset: i64, timestamp: i64, value: &[u8]) -> Record<'_> {
        Record {
            timestamp: Some(timestamp),
            ..Record::line(offset, value)
        }
    }

    fn of(records: &[Record<'_>]) -> u64 {
        let mut trail = Trail::from_offset(0);
        trail.add(records);
        trail.hash()
    }

    #[test]
    fn a_record_more_or_less_or_another_in_its_place_leaves_another_trail() {
        let first = [record(0, 5, b"ab"), record(1, 6, b"cd"), record(3, 7, b"e")];
        type Change = dyn Fn(&mut Vec<Record<'_>>);
        let changes: [&Change; 5] = [
            &|records| {
                records.remove(1);
            },
            &|records| records[1].offset = 2,
            &|records| records[1].timestamp = Some(8),
            &|records| records[1].value = Some(b"cde"),
            &|records| records[1].value = None,
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut second = first.to_vec();
            change(&mut second);
            assert_ne!(of(&first), of(&second), "change {number}");
        }
        assert_eq!(of(&first), of(&first.clone()));
    }

    #[test]
    fn it_does_not_matter_how_it_is_cut_and_where_it_is_resumed() {
        let all = [record(0, 5, b"ab"), record(1, 6, b"cd"), record(3, 7, b"e")];
        let mut trail = Trail::from_offset(0);
        trail.add(&all[..1]);
        let mut trail = Trail::resumed(trail.hash());
        trail.add(&all[1..]);
        assert_eq!(trail.hash(), of(&all));
        assert!(trail.hash() < 1 << 53);
    }
}
