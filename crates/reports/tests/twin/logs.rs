//! Random small logs: few customers, times on a coarse grid so that they meet the bounds of periods and windows.

use holdfast_events::EventType as E;
use holdfast_reports::{Abandons, Act, Calendar, Customer, Period, Question, Said, Speaker, Terms};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use proptest::sample::select;

pub(crate) const HOUR_MS: i64 = 3_600_000;
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;
/// 2026-02-20 in UTC: clocks change in Berlin 37 days later.
const START: i64 = 1_767_225_600_000 + 50 * DAY_MS;

/// A customer's events by time.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) acts: Vec<Act<'static>>,
}

/// Everybody's, and the terms.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) people: Vec<Person>,
    pub(crate) period: Period,
    pub(crate) zone: &'static str,
    pub(crate) alive_days: u32,
}

impl Person {
    pub(crate) fn customer(&self) -> Customer<'_> {
        Customer {
            acts: &self.acts,
            source: None,
            choices: &[],
        }
    }
}

impl Log {
    pub(crate) fn events(&self) -> impl Iterator<Item = &Act<'static>> {
        self.people.iter().flat_map(|person| &person.acts)
    }

    pub(crate) fn last_ms(&self) -> i64 {
        self.events().map(|act| act.ts).max().unwrap()
    }

    pub(crate) fn terms(&self) -> Terms {
        let first = self.events().map(|act| act.ts).min().unwrap();
        let zone = TimeZone::get(self.zone).unwrap();
        Terms {
            calendar: Calendar::over(self.period, &zone, (first, self.last_ms())).unwrap(),
            alive_days: self.alive_days,
            exponent: 2,
            abandons: Abandons::default(),
        }
    }
}

fn said(kind: E, pick: u8) -> Said<'static> {
    let id = [None, Some(1), Some(2)][usize::from(pick % 3)];
    match kind {
        E::SupportContact | E::SupportReply | E::SupportResolved => Said::Ticket {
            ticket: id,
            speaker: [Speaker::Human, Speaker::Bot, Speaker::Customer][usize::from(pick / 3 % 3)],
        },
        E::SurveyResponse => Said::Opinion {
            question: Question::Nps,
            share: Some(u32::from(pick % 11) * 100_000),
            choices: (0, 0),
        },
        E::SignUp => Said::Origin {
            source: [None, Some("ads"), Some("friends")][usize::from(pick % 3)],
            partner: [None, Some("club"), Some("bank"), None][usize::from(pick % 4)],
            cost: i64::from(pick),
        },
        E::CampaignSent => Said::Campaign {
            campaign: Some("spring"),
            cost: i64::from(pick % 7),
        },
        E::CheckoutStart | E::CheckoutStep => Said::Checkout {
            is_saved: pick % 3 == 1,
            clicks: [None, Some(0), Some(u32::from(pick))][usize::from(pick / 3 % 3)],
        },
        E::OrderPromised => Said::Promise {
            order: id,
            at: START + i64::from(pick) * DAY_MS,
        },
        E::OrderDelivered => Said::Delivery {
            order: id,
            is_late: [None, Some(true), Some(false)][usize::from(pick / 3 % 3)],
        },
        kind if kind.is_subscription() || kind == E::AccountClosed => Said::Contract {
            contract: id,
            reason: None,
            voluntary: None,
        },
        _ => Said::Nothing,
    }
}

fn act() -> impl Strategy<Value = Act<'static>> {
    let usual = select(vec![
        E::Purchase,
        E::Purchase,
        E::PageView,
        E::CartAdd,
        E::CheckoutStart,
    ]);
    let rare = select(vec![
        E::Refund,
        E::OrderPromised,
        E::OrderDelivered,
        E::SubscriptionStart,
        E::SubscriptionRenew,
        E::SubscriptionCancel,
        E::SubscriptionExpire,
        E::AccountClosed,
        E::CartAbandon,
        E::CheckoutStep,
        E::SignUp,
        E::SignUp,
        E::Activate,
        E::CampaignSent,
        E::CampaignClicked,
        E::CampaignClicked,
        E::SupportContact,
        E::SupportReply,
        E::SupportResolved,
        E::SurveyResponse,
        E::OrderDelivered,
        E::OrderReturned,
    ]);
    let minute = prop_oneof![3 => Just(0_i64), 1 => 0_i64..60, 1 => Just(1)];
    let kind = prop_oneof![usual, rare];
    (kind, 0_i64..70, 0_i64..24, minute, any::<u8>()).prop_map(|(kind, day, hour, minute, pick)| {
        Act {
            ts: START
                + day * DAY_MS
                + hour / 6 * 6 * HOUR_MS
                + hour % 2 * HOUR_MS
                + minute * 60_000,
            kind,
            minor: (pick > 20).then_some(i64::from(pick) * 10),
            said: said(kind, pick),
        }
    })
}

fn person() -> impl Strategy<Value = Person> {
    prop::collection::vec(act(), 1..25).prop_map(|mut acts| {
        acts.sort_by_key(|act| act.ts);
        Person { acts }
    })
}

pub(crate) fn log() -> impl Strategy<Value = Log> {
    let period = select(vec![Period::Day, Period::Week, Period::Month, Period::Year]);
    let zone = select(vec!["UTC", "Europe/Berlin", "America/Los_Angeles"]);
    let people = prop::collection::vec(person(), 1..6);
    (people, period, zone, 1_u32..40).prop_map(|(people, period, zone, alive_days)| Log {
        people,
        period,
        zone,
        alive_days,
    })
}
