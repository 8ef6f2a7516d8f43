//! What the modes and switches change: plain alerts, silence off, first starts over old data, rebuilds, erasure.

#[path = "rig/rig.rs"]
mod rig;

use holdfast_events::EventType as E;
use holdfast_policy::{Config, Format, Mode};
use rig::{DAY, HOUR, Rig, T0, act, check, config, ten_days};

#[test]
fn an_episode_whose_opening_is_historic_stays_silent_to_its_end() {
    let config = Config {
        not_before: Some(T0 + 11 * DAY),
        ..config()
    };
    let acts = [
        act("c1", E::Purchase, T0),
        act("c2", E::Purchase, T0 + 2 * DAY),
    ];
    let rig = check(
        config,
        &ten_days(),
        &acts,
        13 * DAY,
        &[("opened", 12 * DAY), ("escalated", 13 * DAY)],
    );
    assert!(rig.alerts.iter().all(|alert| alert.key == "c2"));
    assert_eq!(rig.decider.counts().suppressed, 3);
}

#[test]
fn without_silence_only_events_decide_but_episodes_still_lapse() {
    let config = Config {
        silence: false,
        ..config()
    };
    let acts = [
        act("c1", E::Purchase, T0),
        act("c1", E::PageView, T0 + 11 * DAY + HOUR),
    ];
    check(
        config,
        &ten_days(),
        &acts,
        99 * DAY,
        &[("opened", 11 * DAY + HOUR), ("lapsed", 31 * DAY + HOUR)],
    );
}

#[test]
fn plain_mode_alerts_at_the_events_own_time_and_then_cools_down() {
    let config = Config {
        mode: Mode::Plain,
        silence: false,
        format: Format::Spec,
        ..config()
    };
    let acts = [
        act("c0", E::PageView, T0),
        act("c1", E::Purchase, T0),
        act("c1", E::PageView, T0 + 10 * DAY - 1),
        act("c1", E::PageView, T0 + 11 * DAY),
        act("c1", E::PageView, T0 + 10 * DAY + HOUR),
        act("c1", E::PageView, T0 + 18 * DAY - 1),
        act("c1", E::PageView, T0 + 18 * DAY),
    ];
    let rig = check(
        config,
        &ten_days(),
        &acts,
        99 * DAY,
        &[("opened", 11 * DAY), ("opened", 18 * DAY)],
    );
    let value = &rig.values()[0];
    assert_eq!(value["event_id"], acts[3].id);
    assert_eq!(value["recency_days"], 11.0);
    assert_eq!(value["ts"], T0 + 11 * DAY);
    let fields: Vec<&String> = value.as_object().unwrap().keys().collect();
    assert_eq!(fields.len(), 9);
}

#[test]
fn plain_mode_with_silence_alerts_again_at_each_end_of_the_cool_down() {
    let config = Config {
        mode: Mode::Plain,
        ..config()
    };
    let expected = [
        ("opened", 10 * DAY),
        ("opened", 17 * DAY),
        ("opened", 24 * DAY),
    ];
    let rig = check(
        config,
        &ten_days(),
        &[act("c1", E::Purchase, T0)],
        30 * DAY,
        &expected,
    );
    assert_eq!(rig.values()[2]["episode_id"], "c1:3");
}

#[test]
fn erasing_takes_the_deadline_with_it() {
    let mut rig = Rig::new(config(), &ten_days());
    rig.play(&act("c1", E::Purchase, T0));
    let ix = rig.store.find("c1").unwrap();
    rig.decider.erase(ix);
    rig.store.erase(ix);
    rig.advance(T0 + 50 * DAY);
    assert_eq!(rig.sent(), []);
}

#[test]
fn a_rebuild_sends_and_counts_nothing_but_ends_in_the_same_state() {
    let acts = [
        act("c1", E::Purchase, T0),
        act("c2", E::Purchase, T0 + 11 * DAY + 2 * HOUR),
    ];
    let mut live = Rig::new(config(), &ten_days());
    live.play_all(&acts);
    let mut rebuilt = Rig::new(config(), &ten_days());
    rebuilt.decider.set_emitting(false);
    rebuilt.play_all(&acts);
    assert_eq!(rebuilt.sent(), []);
    assert_eq!(rebuilt.decider.counts().total(), 0);
    rebuilt.decider.set_emitting(true);
    let before = live.alerts.len();
    live.advance(T0 + 60 * DAY);
    rebuilt.advance(T0 + 60 * DAY);
    assert_eq!(live.alerts[before..], rebuilt.alerts[..]);
    assert!(!rebuilt.alerts.is_empty());
}
