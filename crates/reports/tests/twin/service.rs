//! Opinions and tickets from their definitions.

use holdfast_events::EventType as E;
use holdfast_reports::feedback::NpsFigures;
use holdfast_reports::service::{AnswerFigures, ServiceFigures};
use holdfast_reports::{Act, Said, Speaker};

use crate::logs::{DAY_MS, Log, Person};
use crate::plain::{median, percent};

pub(crate) fn nps(log: &Log) -> NpsFigures {
    let scores: Vec<u32> = log
        .events()
        .filter_map(|act| match act.said {
            Said::Opinion { share, .. } => share.map(|share| share / 100_000),
            _ => None,
        })
        .collect();
    let within = |from, to| scores.iter().filter(|s| (from..=to).contains(*s)).count();
    let (promoters, passives, detractors) = (within(9, 10), within(7, 8), within(0, 6));
    let share = |part| percent(part, scores.len());
    NpsFigures {
        promoters: promoters as u64,
        passives: passives as u64,
        detractors: detractors as u64,
        score: share(promoters).zip(share(detractors)).map(|(p, d)| p - d),
    }
}

/// A ticket as the list of what happened in it.
type Ticket = Vec<Act<'static>>;

fn id(act: &Act<'_>) -> Option<u64> {
    match act.said {
        Said::Ticket { ticket, .. } => ticket,
        _ => None,
    }
}

fn is_open(ticket: &Ticket) -> bool {
    ticket.iter().all(|a| a.kind != E::SupportResolved)
}

/// Who asks, be it in a ticket that is open.
fn is_contact(act: &Act<'_>) -> bool {
    let by_customer = matches!(
        act.said,
        Said::Ticket {
            speaker: Speaker::Customer,
            ..
        }
    );
    act.kind == E::SupportContact || act.kind == E::SupportReply && by_customer
}

/// Deals a person's support events out to tickets.
fn tickets(person: &Person) -> Vec<Ticket> {
    let mut tickets: Vec<Ticket> = Vec::new();
    for act in &person.acts {
        let asks = is_contact(act);
        if !asks && !matches!(act.kind, E::SupportReply | E::SupportResolved) {
            continue;
        }
        let is_meant = |t: &Ticket| {
            let any = id(act).is_none() && !asks;
            is_open(t) && (any || id(&t[0]) == id(act))
        };
        match tickets.iter().rposition(is_meant) {
            Some(at) => tickets[at].push(*act),
            None if asks => tickets.push(vec![*act]),
            None => {}
        }
    }
    tickets
}

fn first_answer(ticket: &Ticket, by: &[Speaker]) -> Option<i64> {
    let speaker = |a: &&Act<'_>| match a.said {
        Said::Ticket { speaker, .. } => a.kind == E::SupportReply && by.contains(&speaker),
        _ => false,
    };
    let answer = ticket.iter().find(speaker)?;
    Some(answer.ts - ticket[0].ts)
}

fn answers(tickets: &[Ticket], by: &[Speaker]) -> AnswerFigures {
    let waits: Vec<i64> = tickets.iter().filter_map(|t| first_answer(t, by)).collect();
    let quick = waits.iter().filter(|ms| **ms <= 60_000).count();
    let n = waits.len();
    AnswerFigures {
        answered: n as u64,
        answered_within_60s: percent(quick, tickets.len()).filter(|_| n > 0),
        mean_first_reply_seconds: (n > 0)
            .then(|| waits.iter().sum::<i64>() as f64 / 1_000.0 / n as f64),
    }
}

/// Deliveries of a person that came late.
fn late(person: &Person) -> u64 {
    let mut waiting: Vec<(Option<u64>, i64)> = Vec::new();
    let mut late = 0;
    for act in &person.acts {
        match act.said {
            Said::Promise { order, at } => {
                let is_known = order.is_some() && waiting.iter().any(|(o, _)| *o == order);
                waiting.extend((!is_known).then_some((order, at)));
            }
            Said::Delivery { order, is_late } => {
                let of_it = |(o, _): &(Option<u64>, i64)| order.is_none() || *o == order;
                let promised = waiting.iter().position(of_it).map(|at| waiting.remove(at));
                let after = promised.is_some_and(|(_, at)| at < act.ts);
                late += u64::from(is_late.unwrap_or(after));
            }
            _ => {}
        }
    }
    late
}

pub(crate) fn service(log: &Log) -> ServiceFigures {
    let all: Vec<Ticket> = log.people.iter().flat_map(tickets).collect();
    let count = |kind| log.events().filter(|a| a.kind == kind).count();
    let open: Vec<&Ticket> = all.iter().filter(|t| is_open(t)).collect();
    let solved: Vec<&Ticket> = all.iter().filter(|t| !is_open(t)).collect();
    let contacts = |t: &Ticket| t.iter().filter(|a| is_contact(a)).count();
    let at_once = solved.iter().filter(|t| contacts(t) == 1).count();
    let ages = open.iter().map(|t| log.last_ms() - t[0].ts).collect();
    let both = answers(&all, &[Speaker::Human, Speaker::Bot]);
    let orders = count(E::Purchase);
    ServiceFigures {
        tickets: all.len() as u64,
        per_order: (orders > 0).then(|| all.len() as f64 / orders as f64),
        open: open.len() as u64,
        median_unresolved_days: median(ages).map(|ms| ms / DAY_MS as f64),
        answered_within_60s: both.answered_within_60s,
        mean_first_reply_seconds: both.mean_first_reply_seconds,
        bot: answers(&all, &[Speaker::Bot]),
        human: answers(&all, &[Speaker::Human]),
        solved_at_first_contact: percent(at_once, solved.len()),
        deliveries: count(E::OrderDelivered) as u64,
        late_deliveries: log.people.iter().map(late).sum(),
        returns: count(E::OrderReturned) as u64,
    }
}
