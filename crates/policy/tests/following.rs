//! Who follows a journal comes to the state of the one who wrote it, and decides on as that one does.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "rig/rig.rs"]
mod rig;
#[path = "rig/steps.rs"]
mod steps;

use std::sync::Arc;

use holdfast_events::EventType as E;
use holdfast_policy::Following;
use holdfast_policy::journal::{Entry, Fact, Pack, What};
use proptest::prelude::*;
use proptest::sample::Index;
use rig::{DAY, HOUR, Rig, T0, act, config};
use steps::{CUSTOMERS, Regime, Step, new, regimes, restored, steps, work};

/// Facts as they come out of a journal.
fn through_json(facts: Vec<Fact>) -> Vec<Fact> {
    let entries = facts.into_iter().map(|fact| Entry {
        at: 7,
        what: What::Decision(fact),
    });
    let pack = Pack {
        partition: 0,
        offset: 7,
        first: 0,
        entries: entries.collect(),
    };
    let packs = pack.to_records(300).into_iter();
    let packs = packs.map(|bytes| Pack::from_bytes(&bytes).unwrap());
    let facts = packs
        .flat_map(|pack| pack.entries)
        .map(|entry| match entry.what {
            What::Decision(fact) => fact,
            other => panic!("{other:?}"),
        });
    facts.collect()
}

/// A live run over steps, with the facts of each and another rig that stands where it was after `cut` of them.
struct Run {
    live: Rig,
    facts: Vec<Vec<Fact>>,
    again: Rig,
}

fn run(steps: &[Step], cut: usize, regimes: &[Regime; 3], (now, grace): (usize, i64)) -> Run {
    let mut live = new(&regimes[0], grace);
    live.decider.gather(true);
    let mut facts = Vec::new();
    let mut again = None;
    for (at, step) in steps.iter().enumerate() {
        if at == cut {
            again = Some(restored(&mut live, &regimes[now]));
        }
        work(&mut live, step, Some(regimes));
        facts.push(through_json(live.decider.take_facts()));
    }
    let again = again.unwrap_or_else(|| restored(&mut live, &regimes[now]));
    Run { live, facts, again }
}

/// The regime that decides after these steps.
fn in_force(steps: &[Step]) -> usize {
    let last = steps.iter().rev().find_map(|step| match step {
        Step::Activate(which) => Some(*which),
        _ => None,
    });
    last.unwrap_or(0)
}

/// Follows the facts of the steps from `cut` on, by a rig with the regime `own`, and goes live. Says how many
/// differences there were.
fn follow(rig: &mut Rig, log: (&[Step], &[Vec<Fact>]), (cut, own): (usize, usize)) -> u64 {
    follow_as(rig, log, cut, |decides| {
        if own == decides {
            Following::Checked
        } else {
            Following::Blind
        }
    })
}

/// The same with another choice of how. Where there are no facts, only some steps are settled, as at the end of a batch.
fn follow_as(
    rig: &mut Rig,
    (steps, facts): (&[Step], &[Vec<Fact>]),
    cut: usize,
    how: impl Fn(usize) -> Following,
) -> u64 {
    let mut differences = 0;
    rig.decider.set_emitting(false);
    rig.decider.follow(how(in_force(&steps[..cut])));
    for at in cut..steps.len() {
        if let Step::Activate(which) = &steps[at] {
            differences += rig.decider.settle(&rig.store, &[]);
            rig.decider.follow(how(*which));
        }
        work(rig, &steps[at], None);
        if !facts[at].is_empty() || at % 3 == 0 {
            differences += rig.decider.settle(&rig.store, &facts[at]);
        }
    }
    differences += rig.decider.settle(&rig.store, &[]);
    assert!(rig.alerts.is_empty(), "who follows sends nothing");
    rig.decider.follow(Following::Off);
    rig.decider.set_emitting(true);
    differences
}

/// Both go on from here, and do the same.
fn go_on_alike(live: &mut Rig, again: &mut Rig, rest: &[Step]) -> Result<(), TestCaseError> {
    prop_assert_eq!(again.store.digest(), live.store.digest());
    prop_assert_eq!(
        again.decider.digest(&again.store),
        live.decider.digest(&live.store)
    );
    live.alerts.clear();
    for rig in [&mut *live, &mut *again] {
        for step in rest {
            work(rig, step, None);
        }
        rig.advance(T0 + 40 * DAY);
    }
    prop_assert_eq!(again.values(), live.values());
    prop_assert_eq!(again.store.digest(), live.store.digest());
    prop_assert_eq!(
        again.decider.digest(&again.store),
        live.decider.digest(&live.store)
    );
    Ok(())
}

fn graces() -> impl Strategy<Value = i64> {
    prop_oneof![Just(HOUR), Just(0), Just(3 * DAY)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn who_follows_its_own_facts_from_any_cut_stands_where_the_live_run_does(
        steps in steps(false),
        regime in regimes(),
        cut in any::<Index>(),
        end in any::<Index>(),
        grace in graces(),
    ) {
        let regimes = [regime.clone(), regime.clone(), regime];
        let (played, rest) = steps.split_at(end.index(steps.len() + 1));
        let cut = cut.index(played.len() + 1);
        let Run { mut live, facts, mut again } = run(played, cut, &regimes, (0, grace));
        prop_assert_eq!(follow(&mut again, (played, &facts), (cut, 0)), 0);
        go_on_alike(&mut live, &mut again, rest)?;
    }

    #[test]
    fn facts_of_other_models_are_followed_blindly_and_silence_is_looked_at_anew(
        steps in steps(true),
        regimes in [regimes(), regimes(), regimes()],
        cut in any::<Index>(),
        end in any::<Index>(),
        own in 0..3_usize,
        grace in graces(),
    ) {
        let (played, rest) = steps.split_at(end.index(steps.len() + 1));
        let rest: Vec<Step> = rest.iter().filter(|s| !matches!(s, Step::Activate(_))).cloned().collect();
        let cut = cut.index(played.len() + 1);
        let Run { mut live, facts, mut again } = run(played, cut, &regimes, (own, grace));
        let mut steady = new(&regimes[own], grace);
        for step in played.iter().filter(|step| !matches!(step, Step::Activate(_))) {
            work(&mut steady, step, None);
        }
        prop_assert_eq!(steady.store.digest(), live.store.digest(), "models change no features");
        prop_assert_eq!(follow(&mut again, (played, &facts), (cut, own)), 0);
        if in_force(played) != own {
            work(&mut live, &Step::Activate(own), Some(&regimes));
            work(&mut again, &Step::Activate(own), None);
        }
        go_on_alike(&mut live, &mut again, &rest)?;
    }

    #[test]
    fn where_facts_were_altered_the_journal_wins_and_the_difference_is_counted(
        steps in steps(false),
        regime in regimes(),
        pick in any::<Index>(),
        to in any::<Index>(),
        how in 0..4_u8,
        grace in graces(),
    ) {
        let regimes = [regime.clone(), regime.clone(), regime];
        let Run { mut facts, mut again, .. } = run(&steps, 0, &regimes, (0, grace));
        let places: Vec<usize> = (0..facts.len()).filter(|at| !facts[*at].is_empty()).collect();
        if places.is_empty() {
            return Ok(());
        }
        let at = *pick.get(&places);
        let mut fact = facts[at].pop().unwrap();
        match how {
            1 => fact.as_of += 1,
            2 => fact.customer = CUSTOMERS[to.index(4)].to_owned(),
            _ => {}
        }
        let is_erased = steps.iter().any(|step| matches!(step, Step::Erase(_)));
        match how {
            0 => {}
            // Not to where another of the same name is.
            3 if !is_erased => facts[to.index(steps.len() - at) + at].push(fact),
            _ => facts[at].push(fact),
        }
        let mut blind = new(&regimes[0], grace);
        let log = (steps.as_slice(), facts.as_slice());
        follow_as(&mut blind, log, 0, |_| Following::Blind);
        let differences = follow(&mut again, log, (0, 0));
        prop_assert_eq!(again.store.digest(), blind.store.digest());
        prop_assert_eq!(again.decider.digest(&again.store), blind.decider.digest(&blind.store));
        let unaltered = run(&steps, 0, &regimes, (0, grace));
        if how != 3 {
            prop_assert_eq!(differences > 0, facts != unaltered.facts);
        }
        // A fact may have moved to where it is settled all the same.
        if differences == 0 {
            let live = unaltered.live;
            prop_assert_eq!(again.decider.digest(&again.store), live.decider.digest(&live.store));
        }
    }
}

/// A live run with ten days to the first decision, and one of a model that decides after `days`, activated at `clock`.
fn activated(days: f64, label: (u32, u32), clock: i64) -> Vec<(&'static str, i64)> {
    let mut rig = Rig::new(config(), &rig::recency_model(10.0, (20, 40)));
    rig.play(&act("amy", E::Purchase, T0));
    rig.play(&act("bob", E::PageView, clock));
    assert!(!rig.decider.needs_rearm());
    let settings = Arc::new(Rig::settings(config()));
    rig.decider
        .activate(settings, &rig::recency_model(days, label))
        .unwrap();
    assert!(rig.decider.needs_rearm());
    rig.decider.rearm(&rig.store, rig.clock);
    assert!(!rig.decider.needs_rearm());
    rig.advance(clock + HOUR);
    rig.sent()
}

#[test]
fn what_another_model_would_have_decided_earlier_is_decided_as_of_the_clock() {
    assert_eq!(
        activated(5.0, (20, 40), T0 + 8 * DAY),
        [("opened", 8 * DAY)]
    );
}

#[test]
fn an_episode_that_is_over_by_another_horizon_ends_as_of_the_clock() {
    let expected = [
        ("opened", 10 * DAY),
        ("escalated", 11 * DAY),
        ("escalated", 12 * DAY),
        ("lapsed", 14 * DAY),
    ];
    assert_eq!(activated(10.0, (2, 40), T0 + 14 * DAY), expected);
}
