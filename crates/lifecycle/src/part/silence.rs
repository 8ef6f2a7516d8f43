//! Silence: who has lapsed, who is dormant, and who is back.
//!
//! | record | when |
//! | --- | --- |
//! | `lapsed` | the label's activity is as long ago as its horizon, to the millisecond; once until it occurs again |
//! | `dormant` | nothing of the customer for so many of the own median gaps between days with a purchase |
//! | `recovered` | the first event later than either that ends it, each for itself |
//!
//! A lapse needs no rhythm, dormancy at least two gaps. Who has come back from a longer silence before, such as a
//! seasonal buyer, is dormant only after the longest of the gaps so far and one median more. That a customer buys
//! elsewhere cannot be seen: silence stands for it, so these records say `is_proxy`. Both also tell how long ago either
//! side was in contact; the business is quiet if it has not written since the customer's last act.
//!
//! An event dated at or before a lapse that was told undoes nothing. Per customer 8 bytes, for a buyer about 14 more and
//! 10 for each of two more purchases, 29 while gone (a slot of a hash table, half again as much with what it leaves free).

use std::hint::black_box;

use holdfast_events::EventType;
use holdfast_features::{Ix, activity};
use serde::{Deserialize, Serialize};

use crate::DAY_MS;
use crate::notice::{Cause, Topic};
use crate::part::{Out, Part, Want, Whom};
use crate::profile::Profile;
use crate::stamp::Stamp;
use crate::table::{AnyTable, Dense, Packed, Sparse};
use crate::tracker::Seen;

mod bought;
mod told;

pub use bought::Trend;
use bought::{Bought, Rhythm};
use told::{Back, Kind, Left};
pub use told::{Purchase, Silences};

const MINUTE_MS: i64 = 60_000;

/// From the lowest bit: minute of the business's last message (27 bits, 0 is none), the median of gaps in half days (17),
/// the longest gap in days (16), whether gone (1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Row(u64);

impl Row {
    fn written(self) -> Option<i64> {
        let minute = (self.0 & ((1 << 27) - 1)) as i64;
        (minute > 0).then_some(minute * MINUTE_MS)
    }

    fn set_written(&mut self, ts: i64) {
        let minute = (ts / MINUTE_MS).clamp(0, (1 << 27) - 1);
        let newest = minute.max(self.written().unwrap_or(0) / MINUTE_MS);
        self.0 = self.0 >> 27 << 27 | newest.cast_unsigned();
    }

    fn rhythm(self) -> Rhythm {
        Rhythm {
            median_halves: (self.0 >> 27) as u32 & ((1 << 17) - 1),
            longest: (self.0 >> 44) as u16,
        }
    }

    fn set_rhythm(&mut self, rhythm: Rhythm) {
        let bits = u64::from(rhythm.median_halves) << 27 | u64::from(rhythm.longest) << 44;
        self.0 = self.0 & !(((1 << 33) - 1) << 27) | bits;
    }

    fn is_gone(self) -> bool {
        self.0 >> 60 & 1 == 1
    }

    fn set_gone(&mut self, gone: bool) {
        self.0 = self.0 & !(1 << 60) | u64::from(gone) << 60;
    }
}

/// In the order in which they end at one event, and begin at one instant.
const KINDS: [Kind; 2] = [Kind::Dormant, Kind::Lapsed];

/// A silence that was told: when, and since when it lasts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    at: Stamp,
    since: Stamp,
}

/// How a customer is gone, by [`Kind`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Gone([Told; 2]);

/// The part.
#[derive(Debug, Clone)]
pub struct Silence {
    rows: Dense<Row>,
    gone: Sparse<Gone>,
    bought: Packed<Bought>,
}

impl Default for Silence {
    fn default() -> Self {
        Self {
            rows: Dense::new("silence"),
            gone: Sparse::new("silence_gone"),
            bought: Packed::new("silence_bought"),
        }
    }
}

/// Whether the customer has come back with it: who closes the account, leaves a list or gives a contract up has not.
fn is_return(kind: EventType) -> bool {
    use EventType as E;
    let leaves = matches!(
        kind,
        E::AccountClosed | E::CampaignUnsubscribed | E::CampaignComplained | E::SubscriptionCancel
    );
    !leaves && kind != E::Refund
}

/// Whether the business turned to the customer with it.
fn is_message(kind: EventType) -> bool {
    use EventType as E;
    matches!(
        kind,
        E::CampaignSent
            | E::CampaignDelivered
            | E::SupportReply
            | E::SupportResolved
            | E::OrderPromised
            | E::OrderMessage
    )
}

fn days(ms: i64) -> f64 {
    ms.max(0) as f64 / DAY_MS as f64
}

fn net_spend(whom: &Whom<'_>) -> f64 {
    whom.in_major(whom.store.net_minor(whom.ix))
}

/// Whether an act of this type ends such a silence.
fn ends(kind: Kind, act: EventType, whom: &Whom<'_>) -> bool {
    if !is_return(act) {
        return false;
    }
    kind == Kind::Dormant || whom.settings.any_act_counts || act == EventType::Purchase
}

/// When the silence began that such a record is about.
fn quiet_since(kind: Kind, whom: &Whom<'_>) -> Option<i64> {
    match kind {
        Kind::Lapsed if !whom.settings.any_act_counts => whom.store.last_purchase(whom.ix),
        _ => whom.store.last_event(whom.ix),
    }
}

impl Silence {
    /// Brings what nearly every event asks for into the cache, before it is needed.
    pub(crate) fn touch(&self, ix: Ix) {
        black_box(self.rows.get(ix));
    }

    /// The instant from which on the customer is gone, told or not, if no event comes.
    fn left_at(&self, whom: &Whom<'_>, kind: Kind) -> Option<i64> {
        let row = self.rows.get(whom.ix);
        if let Some(told) = self.told(whom.ix, row, kind) {
            return told.at.ms();
        }
        let after = match kind {
            Kind::Lapsed => whom.settings.lapse_ms,
            Kind::Dormant => row.rhythm().dormant_after_ms(whom.settings.dormant_gaps)?,
        };
        let at = quiet_since(kind, whom)?.saturating_add(after);
        // A late event may put it before what was said already.
        let newest = whom.store.newest(whom.ix)?;
        Some(at.max(newest).max(whom.floor))
    }

    fn told(&self, ix: Ix, row: Row, kind: Kind) -> Option<Told> {
        let gone = row.is_gone().then(|| self.gone.get(ix))??;
        Some(gone.0[kind as usize]).filter(|told| told.at.ms().is_some())
    }

    fn next_of(&self, whom: &Whom<'_>, kind: Kind) -> Option<i64> {
        let row = self.rows.get(whom.ix);
        match self.told(whom.ix, row, kind) {
            Some(_) => None,
            None => self.left_at(whom, kind),
        }
    }

    fn buy(&mut self, ix: Ix, seen: &Seen<'_>) {
        let mut bought = self.bought.get(ix);
        bought.add(seen.ts, seen.minor.unwrap_or(0));
        self.bought.set(ix, &bought);
        let mut row = self.rows.get(ix);
        row.set_rhythm(bought.rhythm(row.rhythm()));
        self.rows.set(ix, row);
    }

    fn set_told(&mut self, ix: Ix, kind: Kind, told: Told) {
        let mut gone = self.gone.get(ix).copied().unwrap_or_default();
        gone.0[kind as usize] = told;
        let is_gone = gone != Gone::default();
        match is_gone {
            true => self.gone.set(ix, gone),
            false => drop(self.gone.remove(ix)),
        }
        let mut row = self.rows.get(ix);
        row.set_gone(is_gone);
        self.rows.set(ix, row);
    }

    fn come_back(&mut self, whom: &Whom<'_>, seen: &Seen<'_>, out: &mut Out<'_>) {
        for from in KINDS {
            let told = self.told(whom.ix, self.rows.get(whom.ix), from);
            let Some(mut told) = told.filter(|_| ends(from, seen.kind, whom)) else {
                continue;
            };
            let gone_at = told.at.ms().unwrap_or(0);
            if seen.ts <= gone_at {
                told.since = told.since.or_later(seen.ts);
                self.set_told(whom.ix, from, told);
                continue;
            }
            self.set_told(whom.ix, from, Told::default());
            let at = whom.store.newest(whom.ix).unwrap_or(seen.ts);
            let value = Back {
                kind: "recovered",
                customer_id: whom.id(),
                as_of: at,
                trigger: Cause::Event {
                    event_id: seen.event_id,
                },
                from,
                gone_at,
                days_gone: days(seen.ts - told.since.ms().unwrap_or(gone_at)),
                orders: whom.store.purchases(whom.ix),
                net_spend: net_spend(whom),
            };
            out.send((Topic::Lifecycle, "recovered"), whom, at, &value);
        }
    }

    fn last_purchases(bought: &Bought, whom: &Whom<'_>) -> Vec<Purchase> {
        let last = bought.last().into_iter().map(|(at, minor)| Purchase {
            at,
            amount: whom.in_major(minor),
        });
        last.collect()
    }

    /// The last purchase and one of the own median gaps.
    fn expected_order(&self, whom: &Whom<'_>) -> Option<i64> {
        let gap = self.rows.get(whom.ix).rhythm().median_days()?;
        Some(whom.store.last_purchase(whom.ix)? + (gap * DAY_MS as f64) as i64)
    }

    /// Whether the business has not written since the customer's last act.
    fn is_business_quiet(&self, whom: &Whom<'_>) -> bool {
        let last_act = whom.store.last_event(whom.ix).unwrap_or(0);
        let written = self.rows.get(whom.ix).written();
        written.is_none_or(|at| at <= last_act)
    }

    fn tell(&mut self, whom: &Whom<'_>, kind: Kind, at: i64, out: &mut Out<'_>) {
        let silent_since = quiet_since(kind, whom).unwrap_or(at);
        let told = Told {
            at: Stamp::at(at),
            since: Stamp::at(silent_since),
        };
        self.set_told(whom.ix, kind, told);
        let row = self.rows.get(whom.ix);
        let bought = self.bought.get(whom.ix);
        let since = |then: Option<i64>| then.map(|then| days(at - then));
        let value = Left {
            kind,
            customer_id: whom.id(),
            as_of: at,
            trigger: Cause::Silence,
            last_purchases: &Self::last_purchases(&bought, whom),
            trend: bought.trend(),
            days_silent: days(at - silent_since),
            own_gap_days: row.rhythm().median_days(),
            days_since_customer_contact: since(whom.store.last_event(whom.ix)),
            days_since_business_contact: since(row.written()),
            business_quiet: self.is_business_quiet(whom),
            orders: whom.store.purchases(whom.ix),
            net_spend: net_spend(whom),
            is_proxy: true,
            proxy_for: "bought_elsewhere",
        };
        out.send((Topic::Lifecycle, kind.name()), whom, at, &value);
    }
}

impl Part for Silence {
    fn wants(&self, kind: EventType) -> Want {
        match kind {
            EventType::SupportReply => Want::Fields(&["speaker"]),
            kind if activity::is_activity(kind) || is_message(kind) => Want::Event,
            _ => Want::Nothing,
        }
    }

    fn seen(&mut self, whom: &Whom<'_>, seen: &Seen<'_>, out: &mut Out<'_>) {
        if is_message(seen.kind) {
            let mut row = self.rows.get(whom.ix);
            if !seen.is_said_by_customer() {
                row.set_written(seen.ts);
            }
            self.rows.set(whom.ix, row);
            return;
        }
        if seen.kind == EventType::Purchase {
            self.buy(whom.ix, seen);
        }
        if self.rows.get(whom.ix).is_gone() {
            self.come_back(whom, seen, out);
        }
    }

    fn next(&self, whom: &Whom<'_>) -> Option<i64> {
        let instants = KINDS
            .into_iter()
            .filter_map(|kind| self.next_of(whom, kind));
        instants.min()
    }

    fn fire(&mut self, whom: &Whom<'_>, at: i64, out: &mut Out<'_>) {
        for kind in KINDS {
            if self.next_of(whom, kind).is_some_and(|when| when <= at) {
                self.tell(whom, kind, at, out);
            }
        }
    }

    fn describe(&self, whom: &Whom<'_>, as_of: i64, profile: &mut Profile) {
        let row = self.rows.get(whom.ix);
        let gone = |kind| self.left_at(whom, kind).filter(|at| *at <= as_of);
        let bought = self.bought.get(whom.ix);
        profile.silence = Silences {
            lapsed_at: gone(Kind::Lapsed),
            dormant_at: gone(Kind::Dormant),
            own_gap_days: row.rhythm().median_days(),
            trend: bought.trend(),
            expected_order_at: self.expected_order(whom),
            last_purchases: Self::last_purchases(&bought, whom),
            business_wrote_at: row.written(),
            is_business_quiet: self.is_business_quiet(whom),
        };
    }

    fn tables(&self) -> Vec<&dyn AnyTable> {
        vec![&self.rows, &self.gone, &self.bought]
    }

    fn tables_mut(&mut self) -> Vec<&mut dyn AnyTable> {
        let Self { rows, gone, bought } = self;
        vec![rows, gone, bought]
    }
}
