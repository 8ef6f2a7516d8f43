//! Whether somebody has each partition.
//!
//! A partition moves in two steps: one member gives it up and joins again, then another gets it. A static member that
//! dies in between comes back to what the broker has for it, without a rebalance, and nobody remembers that it was to
//! join again: what it gave up belongs to nobody, for as long as all members live. So whoever has started looks whether
//! everything is taken, and leaves and joins again if it is not, which makes the group share out anew.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use tracing::warn;

use super::{KafkaSource, Probe, TopicState};
use crate::SourceError;

/// How often it is looked, and how often in a row something has to belong to nobody: a move takes its time.
const LOOK_EVERY: Duration = Duration::from_secs(2);
const LOOKS: u32 = 3;
/// How long the broker may take to answer.
const ANSWER: Duration = Duration::from_secs(2);

/// When to look, and what was seen.
#[derive(Debug, Default)]
pub(super) struct Claims {
    look_at: Option<Instant>,
    /// Looks in a row that found a partition of nobody.
    missed: u32,
}

impl Claims {
    /// From now on it is looked until everything is taken.
    pub(super) fn watch(&mut self) {
        *self = Self {
            look_at: Some(Instant::now() + LOOK_EVERY),
            missed: 0,
        };
    }

    pub(super) fn is_due(&self) -> bool {
        self.look_at.is_some_and(|at| Instant::now() >= at)
    }

    /// Notes what nobody has, none if the broker did not tell; whether to join again for it.
    fn note(&mut self, unclaimed: Option<&[i32]>) -> bool {
        match unclaimed {
            Some([]) => {
                *self = Self::default();
                return false;
            }
            Some(_) => self.missed += 1,
            None => self.missed = 0,
        }
        self.look_at = Some(Instant::now() + LOOK_EVERY);
        self.missed >= LOOKS
    }
}

impl KafkaSource {
    pub(super) fn look_after_claims(&mut self) -> Result<(), SourceError> {
        let unclaimed = self.probe.unclaimed(&self.settings.group_id, ANSWER);
        if !self.claims.note(unclaimed.as_deref()) {
            return Ok(());
        }
        warn!(partitions = ?unclaimed.unwrap_or_default(), "nobody has these partitions, joining the group again");
        self.claims = Claims::default();
        // Partitions of ours are asked back first, and given back; then `poll` joins.
        self.consumer.unsubscribe();
        self.subscribed = false;
        self.serve_changes()
    }
}

impl Probe {
    /// Partitions of the input that no member of the group has; none while it is sharing them out, or the broker does
    /// not tell.
    fn unclaimed(&self, group: &str, timeout: Duration) -> Option<Vec<i32>> {
        let TopicState::Partitions(count) = self.topic(&self.topic, timeout) else {
            return None;
        };
        let found = self.consumer.fetch_group_list(Some(group), timeout);
        let groups = found.ok()?;
        let group = groups.groups().iter().find(|g| g.name() == group)?;
        if group.state() != "Stable" {
            return None;
        }
        let mut claimed = BTreeSet::new();
        for member in group.members() {
            claimed.extend(partitions(member.assignment()?, &self.topic)?);
        }
        let all = 0..i32::try_from(count).ok()?;
        Some(all.filter(|n| !claimed.contains(n)).collect())
    }
}

/// Partitions of a topic in an assignment as consumers encode it: a version, then topics with their partitions.
fn partitions(assignment: &[u8], topic: &str) -> Option<Vec<i32>> {
    let mut rest = assignment;
    let mut take = |bytes: usize| {
        let (taken, left) = rest.split_at_checked(bytes)?;
        rest = left;
        Some(taken)
    };
    let mut found = Vec::new();
    // Nothing at all is an assignment of nothing.
    if assignment.is_empty() {
        return Some(found);
    }
    take(2)?;
    let int = |bytes: &[u8]| bytes.try_into().ok().map(i32::from_be_bytes);
    for _ in 0..int(take(4)?)? {
        let length = take(2)?.try_into().ok().map(i16::from_be_bytes)?;
        let same = take(usize::try_from(length).ok()?)? == topic.as_bytes();
        for _ in 0..int(take(4)?)? {
            let partition = int(take(4)?)?;
            if same {
                found.push(partition);
            }
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Version 1, the topics `in` with 2 and 5 and `on` with 3, no user data.
    const TWO_TOPICS: &[u8] = b"\0\x01\0\0\0\x02\0\x02in\0\0\0\x02\0\0\0\x02\0\0\0\x05\0\x02on\0\0\0\x01\0\0\0\x03\xff\xff\xff\xff";

    #[test]
    fn an_assignment_is_read_for_its_topic() {
        assert_eq!(partitions(TWO_TOPICS, "in"), Some(vec![2, 5]));
        assert_eq!(partitions(TWO_TOPICS, "on"), Some(vec![3]));
        assert_eq!(partitions(TWO_TOPICS, "off"), Some(vec![]));
        assert_eq!(partitions(&[], "in"), Some(vec![]));
    }

    #[test]
    fn an_assignment_that_is_cut_says_nothing() {
        let end = TWO_TOPICS.len() - 4; // user data
        for cut in 1..end {
            assert_eq!(partitions(&TWO_TOPICS[..cut], "in"), None, "{cut}");
        }
    }

    #[test]
    fn only_what_belongs_to_nobody_several_times_in_a_row_is_joined_for() {
        let mut claims = Claims::default();
        claims.watch();
        assert!(!claims.note(Some(&[1])));
        assert!(!claims.note(Some(&[1])));
        assert!(!claims.note(None), "a rebalance begins anew");
        assert!(!claims.note(Some(&[1])));
        assert!(!claims.note(Some(&[1])));
        assert!(claims.note(Some(&[1])));
        assert!(!claims.note(Some(&[])));
        assert!(!claims.is_due() && claims.look_at.is_none());
    }
}
