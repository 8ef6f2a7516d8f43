//! Images until they may be published.

use std::collections::BTreeMap;

/// How far a partition has come: in the input, and in the journal, which grows at one offset too, by ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) struct Place {
    pub(in crate::run) offset: i64,
    pub(in crate::run) entries: u64,
}

/// Whole images, by partition, until their place is committed: one published ahead of the commit would skip records
/// whose outputs were never sent, or hold a tick that never was.
pub(super) struct Waiting<T> {
    whole: BTreeMap<i32, (Place, T)>,
    committed: BTreeMap<i32, Place>,
}

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Self {
            whole: BTreeMap::new(),
            committed: BTreeMap::new(),
        }
    }
}

impl<T> Waiting<T> {
    pub(super) fn add(&mut self, partition: i32, place: Place, image: T) {
        self.whole.insert(partition, (place, image));
    }

    pub(super) fn commit(&mut self, partition: i32, place: Place) {
        self.committed.insert(partition, place);
    }

    /// The partition goes. What was never committed may differ from what its next owner makes of the same records, and
    /// commits: by ticks, for one.
    pub(super) fn forget(&mut self, partition: i32) {
        self.whole.remove(&partition);
        self.committed.remove(&partition);
    }

    pub(super) fn next(&mut self, partition: i32) -> Option<(Place, T)> {
        let (place, _) = self.whole.get(&partition)?;
        let committed = self.committed.get(&partition)?;
        if committed.offset < place.offset || committed.entries < place.entries {
            return None;
        }
        self.whole.remove(&partition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(offset: i64, entries: u64) -> Place {
        Place { offset, entries }
    }

    #[test]
    fn an_image_waits_for_a_commit_at_or_behind_its_place() {
        let mut waiting = Waiting::default();
        waiting.add(0, at(5, 2), 'a');
        assert_eq!(waiting.next(0), None);
        waiting.commit(0, at(4, 2));
        waiting.commit(1, at(9, 9));
        assert_eq!(waiting.next(0), None);
        waiting.commit(0, at(5, 2));
        assert_eq!(waiting.next(0), Some((at(5, 2), 'a')));
        assert_eq!(waiting.next(0), None);
    }

    #[test]
    fn an_image_with_a_tick_that_is_not_committed_waits_although_its_offset_is() {
        let mut waiting = Waiting::default();
        waiting.commit(0, at(5, 2));
        waiting.add(0, at(5, 3), 'a');
        assert_eq!(waiting.next(0), None);
        waiting.commit(0, at(5, 3));
        assert_eq!(waiting.next(0), Some((at(5, 3), 'a')));
    }

    #[test]
    fn an_image_of_a_lost_partition_is_not_published_by_a_commit_after_its_return() {
        let mut waiting = Waiting::default();
        waiting.commit(0, at(4, 0));
        waiting.add(0, at(5, 0), "lost");
        waiting.forget(0);
        waiting.commit(0, at(9, 0));
        assert_eq!(waiting.next(0), None);
        // Nor does a commit before the loss speak for what comes after.
        waiting.forget(0);
        waiting.add(0, at(7, 0), "new");
        assert_eq!(waiting.next(0), None);
    }
}
