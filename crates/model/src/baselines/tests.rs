use std::borrow::Cow;

use holdfast_events::{Event, EventType};
use holdfast_features::{CartAbandon, DAY_MS};

use super::*;
use crate::cutoffs;
use crate::metrics::{Scored, metrics};
use crate::splitmix::SplitMix;

const DAYS: i64 = 240;

fn settings() -> Settings {
    Settings {
        dedupe: true,
        cart_abandon: CartAbandon::Given,
        minor_exponent: 2,
        stats: None,
    }
}

fn label(kind: &str) -> Label {
    Label {
        kind: LabelKind::parse(kind),
        horizon_days: 30,
        active_days: 60,
    }
}

/// A shop in which everybody buys at a pace of their own until they leave; nothing after `until_day` is told.
fn shop(kind: &str, until_day: i64) -> History {
    let mut draw = SplitMix::new(5);
    let mut history = History::new(LabelKind::parse(kind));
    for customer in 0..500 {
        let pace = 3 + draw.below(20);
        let mut day = draw.below(120) as i64;
        loop {
            if day < until_day {
                push(&mut history, customer, day);
            }
            day += 1 + draw.below(2 * pace) as i64;
            if draw.below(10) == 0 || day >= DAYS {
                break;
            }
        }
    }
    history.finish(DAYS * DAY_MS - 1);
    history
}

fn push(history: &mut History, customer: u64, day: i64) {
    history.push(&Event {
        event_id: Cow::Owned(format!("e{customer}-{day}")),
        customer_id: Cow::Owned(format!("c{customer:04}")),
        kind: EventType::Purchase,
        type_name: Cow::Borrowed("purchase"),
        ts: day * DAY_MS + 1_000,
        minor: Some(1_000 + 10 * customer as i64),
        currency: None,
        rounded: false,
        particulars: Default::default(),
    });
}

fn test_cutoffs() -> Vec<i64> {
    cutoffs::test(DAYS * DAY_MS - 1, 30)
}

fn found(history: &History, kind: &str) -> Vec<Baseline> {
    let test = test_cutoffs();
    let train = cutoffs::training(history.first_ms().unwrap(), test[0], 30).unwrap();
    baselines(history, &label(kind), settings(), (&train, &test)).unwrap()
}

#[test]
fn every_baseline_of_purchases_beats_chance_in_order_and_in_loss() {
    let history = shop("purchase", DAYS);
    let (mut customers, mut ends) = (Vec::new(), Vec::new());
    let test = test_cutoffs();
    let kind = label("purchase");
    let outcomes = history.walk(&kind, settings(), &test, &mut |snapshot| {
        customers.extend(snapshot.members.iter().map(|(customer, _)| *customer));
        ends.push(customers.len());
    });
    let begins = [0, ends[0], ends[1]];
    let left: Vec<bool> = (0..3)
        .flat_map(|i| outcomes.left(&kind, test[i], &customers[begins[i]..ends[i]]))
        .collect();
    let all = found(&history, "purchase");
    assert_eq!(all.len(), 4);
    for baseline in all {
        let p = baseline.p.unwrap();
        assert_eq!(p.len(), customers.len(), "{:?}", baseline.kind);
        let rows = p.iter().zip(&left).zip(&customers);
        let rows: Vec<Scored> = rows
            .map(|((p, left), customer)| Scored {
                p: *p,
                left: *left,
                customer: *customer,
            })
            .collect();
        let m = metrics(&rows);
        assert!(m.roc_auc.lo > 0.6, "{:?}: {m:?}", baseline.kind);
        assert!(m.log_loss.value < 0.66, "{:?}: {m:?}", baseline.kind);
    }
}

#[test]
fn what_comes_after_the_first_test_cutoff_changes_no_baseline_there() {
    let known = (test_cutoffs()[0] + 1) / DAY_MS;
    let (whole, cut) = (shop("purchase", DAYS), shop("purchase", known));
    let mut members = 0;
    whole.walk(
        &label("purchase"),
        settings(),
        &test_cutoffs()[..1],
        &mut |at| members = at.members.len(),
    );
    let pairs = found(&whole, "purchase").into_iter();
    for (whole, cut) in pairs.zip(found(&cut, "purchase")) {
        let (whole, cut) = (whole.p.unwrap(), cut.p.unwrap());
        assert!(members > 100 && whole[..members] == cut[..members]);
        assert_ne!(whole[members..], cut[members..]);
    }
}

#[test]
fn dates_of_purchases_are_a_baseline_of_purchases_only() {
    let kinds: Vec<Kind> = found(&shop("any", DAYS), "any")
        .iter()
        .map(|baseline| baseline.kind)
        .collect();
    assert_eq!(kinds, [Kind::RfmRule, Kind::RfmLogistic]);
}

#[test]
fn a_population_that_nothing_can_be_fitted_on_says_why() {
    let mut history = History::new(LabelKind::Purchase);
    for customer in 0..60 {
        push(&mut history, customer, 100 + (customer as i64 % 90));
    }
    history.finish(i64::MAX);
    for baseline in found(&history, "purchase") {
        match baseline.kind {
            Kind::RfmRule => assert!(baseline.p.unwrap().iter().all(|p| (0.0..=1.0).contains(p))),
            Kind::RfmLogistic => assert!(baseline.p.is_err()),
            Kind::MbgNbd | Kind::BgNbd => {
                let why = baseline.p.unwrap_err();
                assert!(why.contains("repeat purchase"), "{why}");
            }
        }
    }
}
