use holdfast_events::EventType as E;
use holdfast_lifecycle::Settings;
use holdfast_lifecycle::part::service::{Replies, Served, ServiceTotals};
use proptest::prelude::*;

use crate::rig::{DAY, Dice, Event, HOUR, START, World, event, known};

fn served(events: &[Event], as_of: i64) -> Served {
    let mut world = World::new(known());
    world.play_all(events);
    world.profile("ada", as_of).service
}

fn ticket(kind: E, ts: i64, id: &str) -> Event {
    event(kind, ts).with(&format!(r#"{{"ticket_id":"{id}"}}"#))
}

#[test]
fn answer_after_sixty_seconds_is_quick_and_one_a_millisecond_later_is_not() {
    for (waited, quick) in [(0, 1), (60_000, 1), (60_001, 0)] {
        let events = [
            ticket(E::SupportContact, START, "t1"),
            ticket(E::SupportReply, START + waited, "t1"),
            ticket(E::SupportReply, START + 90_000, "t1"),
        ];
        let totals = served(&events, START + DAY).totals;
        let once = Replies {
            answered: 1,
            quick,
            waited_ms: waited as u64,
        };
        assert_eq!(
            (totals.first, totals.human, totals.bot),
            (once, once, Replies::default()),
            "{waited}"
        );
    }
}

#[test]
fn bot_and_human_are_told_apart_and_the_customer_does_not_answer_itself() {
    let reply = |ts, fields: &str| event(E::SupportReply, ts).with(fields);
    let events = [
        event(E::SupportContact, START),
        reply(START + 1_000, r#"{"speaker":"customer"}"#),
        reply(START + 2_000, r#"{"bot":true}"#),
        reply(START + 3_000, r#"{"speaker":"Bot"}"#),
        reply(START + 30_000, r#"{"speaker":"agent","bot":false}"#),
        event(E::SupportResolved, START + 40_000),
    ];
    let totals = served(&events, START + DAY).totals;
    assert_eq!(totals.first.mean_seconds(), Some(2.0));
    assert_eq!(
        (totals.bot.mean_seconds(), totals.human.mean_seconds()),
        (Some(2.0), Some(30.0))
    );
    assert_eq!(
        (totals.resolved, totals.at_first_contact),
        (1, 0),
        "asked twice"
    );
    let once = [
        event(E::SupportContact, START),
        event(E::SupportResolved, START + 1),
    ];
    assert_eq!(served(&once, START + DAY).totals.at_first_contact, 1);
}

#[test]
fn answer_that_is_heard_of_before_its_ticket_counts_from_the_contact() {
    let reply = |ts| event(E::SupportReply, ts).with(r#"{"ticket_id":"t1","bot":true}"#);
    let events = [
        reply(START + 2_000),
        ticket(E::SupportContact, START, "t1"),
        ticket(E::SupportReply, START + 90_000, "t1"),
    ];
    let now = served(&events, START + DAY);
    assert_eq!(now.totals.bot.mean_seconds(), Some(2.0));
    assert_eq!(now.totals.human.mean_seconds(), Some(90.0));
    assert_eq!((now.totals.first.quick, now.open_tickets), (1, 1));
    // By bot and human, of two tickets, and the end too.
    let all = [
        ticket(E::SupportReply, START + 90_000, "t1"),
        reply(START + 2_000),
        ticket(E::SupportResolved, START + HOUR, "t2"),
        ticket(E::SupportContact, START + 1, "t2"),
        ticket(E::SupportContact, START, "t1"),
    ];
    let now = served(&all, START + DAY);
    assert_eq!(now.totals.bot.mean_seconds(), Some(2.0));
    assert_eq!(now.totals.human.mean_seconds(), Some(90.0));
    assert_eq!((now.totals.resolved, now.totals.at_first_contact), (1, 1));
    assert_eq!((now.open_tickets, now.slow_reply), (1, false));
    // An answer without an id is none to a ticket that has one, and none that is held takes the place of a ticket.
    let mut many: Vec<Event> = (0..8)
        .map(|n| ticket(E::SupportContact, START + n, &format!("n{n}")))
        .collect();
    many.insert(5, ticket(E::SupportReply, START + 4, "gone"));
    assert_eq!(served(&many, START + DAY).open_tickets, 8);
    let unnamed = [
        event(E::SupportReply, START + 20),
        ticket(E::SupportContact, START + 30, "t9"),
        event(E::SupportContact, START + 5),
    ];
    let now = served(&unnamed, START + DAY);
    assert_eq!(
        (now.totals.first.answered, now.totals.first.waited_ms),
        (1, 15)
    );
    // Alone it is no ticket; and what was answered before somebody asked is no answer to that.
    let alone = served(&events[..1], START + DAY);
    assert_eq!((alone.totals, alone.open_tickets), Default::default());
    let older = [reply(START - 1), events[1].clone()];
    assert_eq!(served(&older, START + DAY).totals.first, Replies::default());
}

#[test]
fn ticket_is_slow_once_no_human_answered_for_a_day() {
    let contact = ticket(E::SupportContact, START, "t1");
    let bot = event(E::SupportReply, START + 5).with(r#"{"ticket_id":"t1","bot":true}"#);
    let asked = [contact.clone(), bot];
    assert!(!served(&asked, START + DAY).slow_reply);
    assert!(served(&asked, START + DAY + 1).slow_reply);
    let late = [
        contact.clone(),
        ticket(E::SupportReply, START + DAY + 1, "t1"),
    ];
    assert!(served(&late, START + 2 * DAY).slow_reply);
    assert_eq!(served(&late, START + 2 * DAY).totals.slow, 1);
    let done = [contact, ticket(E::SupportResolved, START + 3 * DAY, "t1")];
    assert!(!served(&done, START + 3 * DAY).slow_reply);
    let mut unknown = World::new(Settings {
        replies_are_known: false,
        ..known()
    });
    unknown.play_all(&asked);
    assert!(!unknown.profile("ada", START + 9 * DAY).service.slow_reply);
}

#[test]
fn tickets_by_orders_and_their_age_are_as_of_the_instant() {
    let events = [
        event(E::Purchase, START),
        event(E::Purchase, START + 1),
        ticket(E::SupportContact, START + 2, "t1"),
        ticket(E::SupportContact, START + HOUR, "t2"),
        ticket(E::SupportContact, START + HOUR, "t3"),
        ticket(E::SupportResolved, START + 2 * HOUR, "t3"),
    ];
    let now = served(&events, START + DAY);
    assert_eq!(
        (now.open_tickets, now.oldest_unresolved_ms),
        (2, Some(DAY - 2))
    );
    assert_eq!(now.tickets_per_order, Some(1.5));
    // Nothing was heard of them for longer than a ticket stays open.
    let later = served(&events, START + HOUR + 30 * DAY + 1);
    assert_eq!(
        (
            later.open_tickets,
            later.oldest_unresolved_ms,
            later.slow_reply
        ),
        (0, None, false)
    );
}

/// A ticket of the plain recomputation.
struct Plain {
    id: usize,
    opened: i64,
    heard: i64,
    contacts: u32,
    bot: Option<i64>,
    human: Option<i64>,
    solved: bool,
}

/// The documentation's table, from the raw list in the order of time.
fn twin(events: &[(E, i64, usize, bool)], as_of: i64) -> Served {
    let mut all: Vec<Plain> = Vec::new();
    for &(kind, ts, id, is_bot) in events {
        let is_open = |t: &&mut Plain| !t.solved && ts - t.heard <= 30 * DAY;
        let any = id == 0 && kind != E::SupportContact;
        // Of those opened at one instant it may be any.
        let open = all.iter_mut().filter(is_open).rfind(|t| any || t.id == id);
        match (kind, open) {
            (E::SupportContact, None) => all.push(Plain {
                id,
                opened: ts,
                heard: ts,
                contacts: 1,
                bot: None,
                human: None,
                solved: false,
            }),
            (_, None) => {}
            (kind, Some(ticket)) => {
                ticket.heard = ts;
                match kind {
                    E::SupportContact => ticket.contacts += 1,
                    E::SupportResolved => ticket.solved = true,
                    _ if is_bot => drop(ticket.bot.get_or_insert(ts - ticket.opened)),
                    _ => drop(ticket.human.get_or_insert(ts - ticket.opened)),
                }
            }
        }
    }
    let waits = |of: fn(&Plain) -> Option<i64>| {
        let all: Vec<i64> = all.iter().filter_map(of).collect();
        (all.len() as u64, all)
    };
    let replies = |of| {
        let (answered, all) = waits(of);
        Replies {
            answered,
            quick: all.iter().filter(|waited| **waited <= 60_000).count() as u64,
            waited_ms: all.iter().sum::<i64>() as u64,
        }
    };
    let first = |t: &Plain| t.bot.into_iter().chain(t.human).min();
    let open = || {
        all.iter()
            .filter(|t| !t.solved && as_of - t.heard <= 30 * DAY)
    };
    let count = |of: &dyn Fn(&Plain) -> bool| all.iter().filter(|t| of(t)).count() as u64;
    Served {
        open_tickets: open().count() as u32,
        oldest_unresolved_ms: open().map(|t| as_of - t.opened).max(),
        slow_reply: open().any(|t| t.human.unwrap_or(as_of - t.opened) > DAY),
        tickets_per_order: None,
        totals: ServiceTotals {
            tickets: all.len() as u64,
            first: replies(first),
            bot: replies(|t| t.bot),
            human: replies(|t| t.human),
            slow: count(&|t| t.human.is_some_and(|waited| waited > DAY)),
            resolved: count(&|t| t.solved),
            at_first_contact: count(&|t| t.solved && t.contacts == 1),
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn service_is_that_of_the_raw_log_and_totals_add_up(seed in any::<u64>()) {
        let mut dice = Dice(seed);
        let mut world = World::new(known());
        world.tracker.keep_notes();
        let mut noted = ServiceTotals::default();
        let mut raw = [Vec::new(), Vec::new()];
        let kinds = [E::SupportContact, E::SupportContact, E::SupportReply, E::SupportReply, E::SupportResolved];
        let mut now = START;
        for _ in 0..80 {
            now += dice.pick(&[1_000, 30_000, 60_000, HOUR, DAY / 2, DAY, 11 * DAY]);
            let (kind, id, is_bot) = (dice.pick(&kinds), dice.roll(5) as usize, dice.roll(2) == 0);
            let ticket = match id {
                0 => String::new(),
                id => format!(r#""ticket_id":"t{id}","#),
            };
            let whose = dice.roll(2) as usize;
            let event = Event {
                who: ["ada", "bob"][whose],
                ..event(kind, now).with(&format!(r#"{{{ticket}"bot":{is_bot}}}"#))
            };
            world.play(&event);
            let notes = world.tracker.notes().unwrap();
            for (at, sums) in notes.served.drain(..) {
                noted.merge(&sums);
                prop_assert_eq!(at, now);
            }
            raw[whose].push((kind, now, id, is_bot));
            if dice.roll(9) == 0 {
                world.restart();
                world.tracker.keep_notes();
            }
        }
        let as_of = now + dice.roll(40 * DAY as u64) as i64;
        let mut totals = ServiceTotals::default();
        for (who, raw) in ["ada", "bob"].into_iter().zip(&raw) {
            let plain = twin(raw, as_of);
            totals.merge(&plain.totals);
            prop_assert_eq!(world.profile(who, as_of).service, plain);
        }
        prop_assert_eq!(world.tracker.service_totals(), totals);
        prop_assert_eq!(noted, totals, "what was noted adds up to the same");
    }
}
