//! What comes out against what is there.

use std::collections::HashSet;

use holdfast_consumer::murmur2_partition;
use holdfast_producer::OutAlert;

use super::place::Place;
use super::report::{Alerts, Difference, Report, Stretch};
use super::served::{At, One, Served, hash_of, id_of, number};

/// Differences of one kind that are told of one by one.
const EXAMPLES: usize = 5;

/// An alert that should be there.
pub(super) enum Expected<'a> {
    /// Byte for byte.
    Whole(&'a OutAlert),
    /// By its id.
    Told { alert_id: &'a str, key: &'a [u8] },
}

pub(super) struct Comparison<'a> {
    served: Served,
    place: &'a Place,
    alerts: Alerts,
    differences: Vec<Difference>,
    /// Pairs of input partition and partition of the alert topic of which one was found already: what is missing
    /// before that went by the topic's retention.
    found_in: HashSet<(i32, i32)>,
    not_checked: Vec<String>,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(served: Served, place: &'a Place) -> Self {
        Self {
            alerts: Alerts {
                served: served.count,
                ..Alerts::default()
            },
            served,
            place,
            differences: Vec::new(),
            found_in: HashSet::new(),
            not_checked: Vec::new(),
        }
    }

    /// Something cannot be compared, and why.
    pub(super) fn cannot(&mut self, why: String) {
        if !self.not_checked.contains(&why) {
            self.not_checked.push(why);
        }
    }

    /// Looks for an alert of this partition; those of a partition come in the order in which they were sent.
    pub(super) fn meet(&mut self, stretch: &mut Stretch, expected: &Expected<'_>) {
        let is_kafka = matches!(self.place, Place::Kafka(_));
        let (id, key) = match expected {
            Expected::Whole(alert) => (
                id_of(&alert.value).unwrap_or_else(|| number(&alert.alert_id)),
                &alert.key[..],
            ),
            Expected::Told { alert_id, key } => (number(alert_id), *key),
        };
        stretch.alerts += 1;
        let one = self.served.by_id.get_mut(&id).filter(|one| !one.is_met);
        let Some(one) = one else {
            return self.missing(stretch.partition, id, key, expected);
        };
        one.is_met = true;
        let one = *one;
        self.found_in.insert((stretch.partition, one.at.partition));
        let Expected::Whole(alert) = expected else {
            self.alerts.by_id += 1;
            return;
        };
        let key: &[u8] = if is_kafka { &alert.key } else { b"" };
        let same_place = !is_kafka || one.input == alert.input;
        self.alerts.compared += 1;
        if same_place && one.hash == hash_of(key, &alert.value) {
            self.alerts.equal += 1;
        } else {
            self.alerts.different += 1;
            self.note(Difference {
                expected: Some((alert.key.clone(), alert.value.clone(), alert.input)),
                at: Some(one.at),
                ..Difference::new("different", id)
            });
        }
    }

    fn missing(&mut self, partition: i32, id: u128, key: &[u8], expected: &Expected<'_>) {
        let count = u32::try_from(self.served.begins.len()).unwrap_or(u32::MAX);
        if count > 0 {
            let there = murmur2_partition(key, count);
            let to = i32::try_from(there).unwrap_or(i32::MAX);
            let cut = self.served.begins[there as usize] > 0;
            if cut && !self.found_in.contains(&(partition, to)) {
                self.alerts.retired += 1;
                return;
            }
        }
        self.alerts.missing += 1;
        let (bytes, input) = match expected {
            Expected::Whole(alert) => (
                Some((alert.key.clone(), alert.value.clone(), alert.input)),
                alert.input,
            ),
            Expected::Told { .. } => (None, None),
        };
        self.note(Difference {
            expected: bytes,
            input: input.or(Some((partition, -1))),
            ..Difference::new("missing", id)
        });
    }

    fn note(&mut self, difference: Difference) {
        let same = self
            .differences
            .iter()
            .filter(|d| d.what == difference.what);
        if same.count() < EXAMPLES {
            self.differences.push(difference);
        }
    }

    /// What is there and did not come out, and the whole of it.
    pub(super) fn finish(mut self, stretches: &[Stretch]) -> Report {
        for stretch in stretches {
            if let Some(why) = &stretch.not_checked {
                let partition = stretch.partition;
                self.not_checked
                    .push(format!("partition {partition}: {why}"));
            }
        }
        let mut rest: Vec<(u128, One)> = std::mem::take(&mut self.served.by_id)
            .into_iter()
            .filter(|(_, one)| !one.is_met)
            .collect();
        rest.sort_by_key(|(_, one)| one.at);
        for (id, one) in rest {
            if !one.is_settled {
                self.alerts.later += 1;
            } else if is_told(&one, stretches) {
                self.alerts.unexpected += 1;
                self.note(there("unexpected", id, one.at));
            } else {
                self.alerts.unknown += 1;
            }
        }
        let Served {
            doubled,
            unreadable,
            ..
        } = std::mem::take(&mut self.served);
        self.alerts.doubled = doubled.len() as u64;
        self.alerts.unreadable = unreadable.len() as u64;
        for (id, at) in doubled {
            self.note(there("doubled", id, at));
        }
        for at in unreadable {
            self.note(there("unreadable", 0, at));
        }
        if self.alerts.unknown > 0 {
            let count = self.alerts.unknown;
            self.not_checked.push(format!(
                "{count} alerts that are there may be of before what was recomputed, or of a partition that was not"
            ));
        }
        Report::new(self.alerts, self.differences, self.not_checked)
    }
}

/// Whether an alert that nobody expected is known to be wrong: all that could have raised it was recomputed.
fn is_told(one: &One, stretches: &[Stretch]) -> bool {
    let whole = |stretch: &Stretch| stretch.not_checked.is_none() && !stretch.past_unknown;
    if stretches.iter().all(whole) {
        return true;
    }
    one.input.is_some_and(|(partition, offset)| {
        let mut own = stretches.iter().filter(|s| s.partition == partition);
        own.any(|s| s.not_checked.is_none() && (whole(s) || offset >= s.from))
    })
}

fn there(what: &'static str, id: u128, at: At) -> Difference {
    Difference {
        at: Some(at),
        ..Difference::new(what, id)
    }
}
