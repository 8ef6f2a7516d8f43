//! Rewards that are due: `reward_due` on the topic `lifecycle`.
//!
//! | `reward` | when |
//! | --- | --- |
//! | `birthday` | the day begins where the customer is; 29 February is the 28th in common years; never twice a year |
//! | `anniversary` | so does the date of the first order, each year |
//! | `tier_change` | the purchase that makes the customer one of the top fifth, once ever |
//! | `points` | points earned reach another multiple of [`Settings::points_step`](crate::Settings::points_step) |
//! | `review` | a review, once for an order, and once a day where it names none |
//!
//! Where the customer is says `time_zone` of the last `profile_update`, else it is where the business is. A day begins at
//! midnight, or where the clocks skip that at the instant to which they go forward. Who has left for good (an event of
//! [`Settings::hard_churn`](crate::Settings::hard_churn)) is due neither birthday nor anniversary until an order, a
//! contract or an account begins anew, and what lay between is over.
//!
//! Per customer 8 bytes; about 20 and the zone's name for who has said a birthday or a zone, 15 for who has points, 25 for who
//! has written a review. Of reviewed orders the last four are known.

use holdfast_events::{Details, EventType};
use jiff::tz::TimeZone;
use xxhash_rust::xxh3::xxh3_64;

use crate::notice::Cause;
use crate::part::{Out, Part, Want, Whom, tells_of_person};
use crate::profile::Profile;
use crate::segment::{Facts, Tier};
use crate::table::{AnyTable, Dense, Packed};
use crate::tracker::Seen;

mod calendar;
mod due;
mod row;

use calendar::{date_at, day_begins};
pub use due::Earned;
use due::{Terms, When, tell};
use row::{Person, Points, Reviewed, Row};

/// The part.
#[derive(Debug, Clone)]
pub struct Rewards {
    rows: Dense<Row>,
    people: Packed<Person>,
    points: Packed<Points>,
    reviewed: Packed<Reviewed>,
}

impl Default for Rewards {
    fn default() -> Self {
        Self {
            rows: Dense::new("rewards"),
            people: Packed::new("rewards_people"),
            points: Packed::new("rewards_points"),
            reviewed: Packed::new("rewards_reviewed"),
        }
    }
}

/// Hundredths of points; what is no number, or less than none, is none.
fn hundredths(details: &Details<'_>) -> i64 {
    // A float to an integer saturates.
    (details.points.unwrap_or(0.0).max(0.0) * 100.0).round() as i64
}

fn begins_anew(kind: EventType) -> bool {
    use EventType as E;
    matches!(
        kind,
        E::Purchase | E::SubscriptionStart | E::SubscriptionRenew | E::SignUp
    )
}

impl Rewards {
    fn zone(&self, whom: &Whom<'_>) -> TimeZone {
        if !self.people.has(whom.ix) {
            return whom.settings.time_zone.clone();
        }
        match &*self.people.get(whom.ix).zone {
            "" => whom.settings.time_zone.clone(),
            name => TimeZone::get(name).unwrap_or_else(|_| whom.settings.time_zone.clone()),
        }
    }

    /// The next day that is due, when it begins, and of which year or how many years; none while rewards rest.
    fn next_day(&self, whom: &Whom<'_>, zone: &TimeZone) -> Option<(i64, &'static str, i16)> {
        let row = self.rows.get(whom.ix);
        if row.rests() {
            return None;
        }
        let birthday = self.people.get(whom.ix).next(zone);
        let birthday = birthday.map(|(year, at)| (at, "birthday", year));
        let anniversary = row
            .after(row.years(), zone)
            .map(|at| (at, "anniversary", i16::from(row.years()) + 1));
        birthday.into_iter().chain(anniversary).min()
    }

    /// When it is told: a changed zone may put it before what was said already.
    fn told_at(whom: &Whom<'_>, due_at: i64) -> i64 {
        let newest = whom.store.newest(whom.ix).unwrap_or(0);
        due_at.max(newest).max(whom.floor)
    }

    fn now(whom: &Whom<'_>, seen: &Seen<'_>) -> i64 {
        whom.store.newest(whom.ix).unwrap_or(seen.ts)
    }

    fn tell_by_event(
        &self,
        whom: &Whom<'_>,
        seen: &Seen<'_>,
        terms: &Terms<'_>,
        out: &mut Out<'_>,
    ) {
        let when = When {
            at: Self::now(whom, seen),
            due_at: seen.ts,
            trigger: Cause::Event {
                event_id: seen.event_id,
            },
        };
        tell(whom, &self.zone(whom), &when, terms, out);
    }

    fn buy(&mut self, whom: &Whom<'_>, seen: &Seen<'_>, out: &mut Out<'_>) {
        let mut row = self.rows.get(whom.ix);
        row.order(seen.ts);
        let facts = Facts {
            last_purchase_ms: whom.store.last_purchase(whom.ix),
            orders: whom.store.purchases(whom.ix),
            net_minor: whom.store.net_minor(whom.ix),
        };
        let tier = whom.settings.cuts.tier(facts, whom.major());
        let rises = tier == Tier::Top && !row.is_top();
        if rises {
            row.set_top();
        }
        self.rows.set(whom.ix, row);
        if rises {
            let terms = Terms {
                reward: "tier_change",
                tier: Some(tier),
                ..Terms::default()
            };
            self.tell_by_event(whom, seen, &terms, out);
        }
    }

    /// Whether rewards rest changes with those who leave for good and come back.
    fn come_or_go(&mut self, whom: &Whom<'_>, seen: &Seen<'_>) {
        let mut row = self.rows.get(whom.ix);
        let now = Self::now(whom, seen);
        if whom.settings.hard_churn.contains(&seen.kind) {
            let last = whom.store.last_purchase(whom.ix);
            row.set_rests(row.rests() || last.is_none_or(|last| last <= seen.ts));
        } else if row.rests() && begins_anew(seen.kind) && seen.ts >= now {
            row.set_rests(false);
            row.set_years(row.passed(now, &self.zone(whom)).max(row.years()));
            if self.people.has(whom.ix) {
                let mut person = self.people.get(whom.ix);
                person.since = person.since.or_later(now);
                self.people.set(whom.ix, &person);
            }
        }
        self.rows.set(whom.ix, row);
    }

    fn update(&mut self, whom: &Whom<'_>, seen: &Seen<'_>) {
        let Some(details) = seen.details else { return };
        let zone = details.time_zone.as_deref();
        let zone = zone.filter(|name| TimeZone::get(name).is_ok());
        if details.birthday.is_none() && zone.is_none() {
            return;
        }
        let now = Self::now(whom, seen);
        let mut person = self.people.get(whom.ix);
        if person.updated.ms().is_some_and(|updated| seen.ts < updated) {
            return;
        }
        person.updated = person.updated.or_later(seen.ts);
        if let Some(day) = details.birthday {
            let birthday = (day.month(), day.day());
            if person.birthday != birthday {
                person.birthday = birthday;
                person.since = person.since.or_later(now);
            }
        }
        if let Some(zone) = zone.filter(|zone| **zone != *person.zone) {
            person.zone = zone.into();
        }
        self.people.set(whom.ix, &person);
    }

    fn earn(&mut self, whom: &Whom<'_>, seen: &Seen<'_>, out: &mut Out<'_>) {
        let Some(details) = seen.details else { return };
        let more = hundredths(details);
        let mut points = self.points.get(whom.ix);
        let before = points.earned;
        points.earned = before.saturating_add(more);
        if details.partner.is_some() {
            points.at_partners = points.at_partners.saturating_add(more);
        }
        self.points.set(whom.ix, &points);
        let step = i64::from(whom.settings.points_step) * 100;
        let steps = |points: i64| points.checked_div(step).unwrap_or(0);
        let reached = steps(points.earned);
        if reached > steps(before) {
            let terms = Terms {
                reward: "points",
                points: Some((reached * step) as f64 / 100.0),
                points_at_partners: Some(points.at_partners as f64 / 100.0),
                redemptions: Some(points.redemptions),
                ..Terms::default()
            };
            self.tell_by_event(whom, seen, &terms, out);
        }
    }

    fn redeem(&mut self, whom: &Whom<'_>, seen: &Seen<'_>) {
        let spent = seen.details.map_or(0, hundredths);
        let mut points = self.points.get(whom.ix);
        points.redeemed = points.redeemed.saturating_add(spent);
        points.redemptions = points.redemptions.saturating_add(1);
        self.points.set(whom.ix, &points);
    }

    fn review(&mut self, whom: &Whom<'_>, seen: &Seen<'_>, out: &mut Out<'_>) {
        let order_id = seen.details.and_then(|details| details.order_id.as_deref());
        let today = date_at(seen.ts, &self.zone(whom));
        let mut reviewed = self.reviewed.get(whom.ix);
        let is_new = match order_id {
            Some(id) => reviewed.order(xxh3_64(id.as_bytes())),
            None => reviewed.day(i32::from(today.year()) * 1_000 + i32::from(today.day_of_year())),
        };
        self.reviewed.set(whom.ix, &reviewed);
        if is_new {
            let terms = Terms {
                reward: "review",
                order_id,
                ..Terms::default()
            };
            self.tell_by_event(whom, seen, &terms, out);
        }
    }
}

impl Part for Rewards {
    fn wants(&self, kind: EventType) -> Want {
        use EventType as E;
        match kind {
            E::PointsEarned | E::PointsRedeemed | E::Review => Want::Details,
            kind if tells_of_person(kind) => Want::Fields(&["birthday", "time_zone"]),
            E::AccountClosed => Want::Event,
            kind if kind.is_subscription() || begins_anew(kind) => Want::Event,
            _ => Want::Nothing,
        }
    }

    fn seen(&mut self, whom: &Whom<'_>, seen: &Seen<'_>, out: &mut Out<'_>) {
        use EventType as E;
        match seen.kind {
            E::PointsEarned => return self.earn(whom, seen, out),
            E::PointsRedeemed => return self.redeem(whom, seen),
            E::Review => return self.review(whom, seen, out),
            E::Purchase => self.buy(whom, seen, out),
            kind if tells_of_person(kind) => self.update(whom, seen),
            _ => {}
        }
        if matches!(seen.kind, E::ProfileUpdate | E::Login) {
            return;
        }
        self.come_or_go(whom, seen);
    }

    fn next(&self, whom: &Whom<'_>) -> Option<i64> {
        let (due_at, ..) = self.next_day(whom, &self.zone(whom))?;
        Some(Self::told_at(whom, due_at))
    }

    fn fire(&mut self, whom: &Whom<'_>, at: i64, out: &mut Out<'_>) {
        let zone = self.zone(whom);
        while let Some((due_at, name, which)) = self.next_day(whom, &zone) {
            if Self::told_at(whom, due_at) > at {
                return;
            }
            let years = u8::try_from(which).unwrap_or(u8::MAX);
            let is_birthday = name == "birthday";
            if is_birthday {
                let mut person = self.people.get(whom.ix);
                person.told_year = which;
                person.since = person.since.or_later(due_at);
                self.people.set(whom.ix, &person);
            } else {
                let mut row = self.rows.get(whom.ix);
                row.set_years(years);
                self.rows.set(whom.ix, row);
            }
            let when = When {
                at,
                due_at,
                trigger: Cause::Timer { name },
            };
            let terms = Terms {
                reward: name,
                years: (!is_birthday).then_some(years),
                ..Terms::default()
            };
            tell(whom, &zone, &when, &terms, out);
        }
    }

    fn describe(&self, whom: &Whom<'_>, as_of: i64, profile: &mut Profile) {
        let row = self.rows.get(whom.ix);
        let zone = self.zone(whom);
        // A day that began counts while it lasts.
        let yesterday = day_begins(as_of, &zone).map_or(as_of, |at| at - 1);
        let mut earned = Earned {
            first_order_at: row.first_order(),
            ..Earned::default()
        };
        if !row.rests() {
            earned.next_birthday_at = self.people.get(whom.ix).after(yesterday, &zone);
            earned.next_anniversary_at = row.after(row.passed(yesterday, &zone), &zone);
        }
        let points = self.points.get(whom.ix);
        if points != Points::default() {
            let whole = |hundredths: i64| hundredths as f64 / 100.0;
            earned.points_balance = Some(whole(points.earned.saturating_sub(points.redeemed)));
            earned.points_earned = whole(points.earned);
            earned.points_at_partners = whole(points.at_partners);
            earned.redemptions = points.redemptions;
        }
        profile.rewards = earned;
    }

    fn tables(&self) -> Vec<&dyn AnyTable> {
        vec![&self.rows, &self.people, &self.points, &self.reviewed]
    }

    fn tables_mut(&mut self) -> Vec<&mut dyn AnyTable> {
        let Self {
            rows,
            people,
            points,
            reviewed,
        } = self;
        vec![rows, people, points, reviewed]
    }
}
