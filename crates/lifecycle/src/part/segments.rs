//! A customer's segment: one record for each change, also where silence alone moves the customer.
//!
//! A change is told at once, and then none for the dwell: who hovers at a cut point does not flap. When the dwell is
//! over the segment of that instant is told, if it is another one. Nobody moves from a segment to itself.

use holdfast_events::EventType;
use holdfast_features::Ix;
use serde::{Deserialize, Serialize};

use crate::notice::{Cause, Move, Topic};
use crate::part::{Out, Part, Want, Whom};
use crate::profile::Profile;
use crate::segment::{Facts, Segment, Tier};
use crate::table::{AnyTable, Dense};
use crate::tracker::Seen;

/// What was told: milliseconds since 1970 (48 bits), the segment before and the one now (8 bits each, 0 is none).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Row(u64);

impl Row {
    fn new(since: i64, before: Option<Segment>, now: Segment) -> Self {
        let code = |segment: Option<Segment>| segment.map_or(0, |s| s as u64 + 1);
        Self(
            since.clamp(0, (1 << 48) - 1).cast_unsigned() << 16
                | code(before) << 8
                | code(Some(now)),
        )
    }

    fn since(self) -> i64 {
        (self.0 >> 16) as i64
    }

    fn told(self) -> Option<Segment> {
        segment(self.0 & 0xFF)
    }

    fn before(self) -> Option<Segment> {
        segment(self.0 >> 8 & 0xFF)
    }
}

fn segment(code: u64) -> Option<Segment> {
    Segment::ALL.get((code as usize).checked_sub(1)?).copied()
}

/// The part.
#[derive(Debug, Clone)]
pub struct Segments {
    rows: Dense<Row>,
}

impl Default for Segments {
    fn default() -> Self {
        Self {
            rows: Dense::new("segments"),
        }
    }
}

#[derive(Serialize)]
struct Moved<'a> {
    customer_id: &'a str,
    as_of: i64,
    from: Option<Segment>,
    to: Segment,
    trigger: Cause<'a>,
    recency_days: f64,
    frequency: u32,
    monetary: f64,
    value_tier: Tier,
}

/// What segments are made of.
fn facts(whom: &Whom<'_>) -> Facts {
    Facts {
        last_purchase_ms: whom.store.last_purchase(whom.ix),
        orders: whom.store.purchases(whom.ix),
        net_minor: whom.store.net_minor(whom.ix),
    }
}

fn segment_at(whom: &Whom<'_>, facts: Facts, now: i64) -> Option<Segment> {
    let scores = whom.settings.cuts.scores(facts, now, whom.major())?;
    Segment::of(scores, facts.orders)
}

/// The instant at which another segment than the told one is to be told, and which, if nothing else happens.
fn next(whom: &Whom<'_>, row: Row) -> Option<(i64, Segment)> {
    let facts = facts(whom);
    let free = match row.told() {
        Some(_) => row.since().saturating_add(whom.settings.dwell_ms),
        None => 0,
    };
    let newest = whom.store.newest(whom.ix).unwrap_or(0);
    let mut at = newest.max(row.since()).max(whom.floor);
    loop {
        let when = at.max(free);
        match segment_at(whom, facts, when) {
            Some(found) if Some(found) != row.told() => return Some((when, found)),
            Some(_) => at = whom.settings.cuts.next_fall(facts, when)?,
            None => return None,
        }
    }
}

impl Segments {
    /// The segment that was told of a customer.
    #[must_use]
    pub fn told(&self, ix: Ix) -> Option<Segment> {
        self.rows.get(ix).told()
    }

    fn tell(
        &mut self,
        whom: &Whom<'_>,
        (at, to): (i64, Segment),
        cause: Cause<'_>,
        out: &mut Out<'_>,
    ) {
        let from = self.rows.get(whom.ix).told();
        self.rows.set(whom.ix, Row::new(at, from, to));
        out.note(|notes| {
            let to = Some(to);
            notes.moves.push(Move { at, from, to });
        });
        let facts = facts(whom);
        let last = facts.last_purchase_ms.unwrap_or(at);
        let value = Moved {
            customer_id: whom.id(),
            as_of: at,
            from,
            to,
            trigger: cause,
            recency_days: (at - last).max(0) as f64 / crate::DAY_MS as f64,
            frequency: facts.orders,
            monetary: facts.net_minor as f64 / whom.major(),
            value_tier: whom.settings.cuts.tier(facts, whom.major()),
        };
        out.send((Topic::Segments, "segment_changed"), whom, at, &value);
    }
}

impl Part for Segments {
    fn wants(&self, kind: EventType) -> Want {
        match kind {
            EventType::Purchase | EventType::Refund => Want::Event,
            _ => Want::Nothing,
        }
    }

    fn seen(&mut self, whom: &Whom<'_>, seen: &Seen<'_>, out: &mut Out<'_>) {
        // The next instant may be the event's own.
        let now = whom.store.newest(whom.ix).unwrap_or(seen.ts);
        if let Some((at, to)) = next(whom, self.rows.get(whom.ix))
            && at <= now.max(self.rows.get(whom.ix).since())
        {
            let event_id = seen.event_id;
            self.tell(whom, (at, to), Cause::Event { event_id }, out);
        }
    }

    fn next(&self, whom: &Whom<'_>) -> Option<i64> {
        next(whom, self.rows.get(whom.ix)).map(|(at, _)| at)
    }

    fn fire(&mut self, whom: &Whom<'_>, at: i64, out: &mut Out<'_>) {
        let row = self.rows.get(whom.ix);
        if let Some((when, to)) = next(whom, row)
            && when <= at
        {
            let waited = row.since().saturating_add(whom.settings.dwell_ms) == when;
            let cause = match waited {
                true => Cause::Timer { name: "dwell" },
                false => Cause::Silence,
            };
            self.tell(whom, (when, to), cause, out);
        }
    }

    fn describe(&self, whom: &Whom<'_>, as_of: i64, profile: &mut Profile) {
        let mut row = self.rows.get(whom.ix);
        // What is told later than `as_of`, or has not fired yet, makes no difference.
        while let Some((at, to)) = next(whom, row).filter(|(at, _)| *at <= as_of) {
            row = Row::new(at, row.told(), to);
        }
        profile.segment = row.told();
        profile.segment_before = row.before();
        let facts = facts(whom);
        profile.tier = whom.settings.cuts.tier(facts, whom.major());
        profile.scores = whom.settings.cuts.scores(facts, as_of, whom.major());
    }

    fn tables(&self) -> Vec<&dyn AnyTable> {
        vec![&self.rows]
    }

    fn tables_mut(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![&mut self.rows]
    }
}
