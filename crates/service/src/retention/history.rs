//! Everybody's events in 24 bytes each, and each customer's in turn.
//!
//! Rows stay in the order in which they came; a customer's are found by counting, so that nothing is moved but
//! four bytes an event.

use std::collections::HashMap;

use holdfast_events::EventType;
use holdfast_reports::{Act, Customer, Said};

use super::said::{Names, Stored};

/// Two events with the same id this far apart are the same event, as the engine has it.
const SAME_WITHIN_MS: i64 = 86_400_000;
/// No amount.
const NO_AMOUNT: i64 = i64::MIN;

/// One event. The kind is in the lowest byte of `when`, its time above.
#[derive(Clone, Copy)]
struct Row {
    when: i64,
    minor: i64,
    customer: u32,
    /// Place in `extras`, counted from 1; 0 where it says nothing beside.
    extra: u32,
}

/// What an event says beside time and amount.
#[derive(Clone, Copy)]
pub(super) struct Extra {
    /// Hash of the event's id, where duplicates are looked for.
    pub(super) id: u64,
    pub(super) said: Stored,
}

/// One customer's place.
struct Person {
    id: Box<str>,
    events: u32,
    first_ms: i64,
    source: u32,
    is_erased: bool,
}

/// All events.
#[derive(Default)]
pub(super) struct History {
    rows: Vec<Row>,
    extras: Vec<Extra>,
    people: Vec<Person>,
    numbers: HashMap<Box<str>, u32>,
    pub(super) names: Names,
}

/// An event to be kept.
pub(super) struct New {
    pub(super) ts: i64,
    pub(super) kind: EventType,
    pub(super) minor: Option<i64>,
    pub(super) extra: Option<Extra>,
}

impl History {
    /// The customer's number; the events of one who was erased go to another.
    pub(super) fn number(&mut self, id: &str) -> u32 {
        if let Some(number) = self.numbers.get(id) {
            return *number;
        }
        let number = self.people.len() as u32;
        self.numbers.insert(id.into(), number);
        self.people.push(Person {
            id: id.into(),
            events: 0,
            first_ms: i64::MAX,
            source: 0,
            is_erased: false,
        });
        number
    }

    /// Whether an event of this time would be the customer's first by time.
    pub(super) fn is_first(&self, customer: u32, ts: i64) -> bool {
        ts < self.people[customer as usize].first_ms
    }

    /// Where the customer came from, as the first event by time says.
    pub(super) fn first(&mut self, customer: u32, ts: i64, source: u32) {
        let person = &mut self.people[customer as usize];
        (person.first_ms, person.source) = (ts, source);
    }

    pub(super) fn erase(&mut self, id: &str) {
        if let Some(number) = self.numbers.remove(id) {
            self.people[number as usize].is_erased = true;
        }
    }

    /// How many events there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn push(&mut self, customer: u32, event: New) {
        let extra = event.extra.map_or(0, |extra| {
            self.extras.push(extra);
            self.extras.len() as u32
        });
        self.people[customer as usize].events += 1;
        self.rows.push(Row {
            when: event.ts << 8 | event.kind as i64,
            minor: event.minor.unwrap_or(NO_AMOUNT),
            customer,
            extra,
        });
    }

    /// Changes the amount and the cost of the event at a place.
    pub(super) fn rescale(&mut self, at: usize, change: impl Fn(i64) -> i64) {
        let row = &mut self.rows[at];
        if row.minor != NO_AMOUNT {
            row.minor = change(row.minor);
        }
        if let Some(extra) = row.extra.checked_sub(1) {
            self.extras[extra as usize].said.rescale(change);
        }
    }

    /// Gives each customer who was not erased with all their events; the number of duplicates that were dropped.
    pub(super) fn each(&self, dedupe: bool, mut take: impl FnMut(&str, &Customer<'_>)) -> u64 {
        let places = self.by_customer();
        let names: Vec<&str> = self.names.list().collect();
        let choices = self.names.choices();
        let (mut from, mut duplicates) = (0, 0);
        let (mut own, mut acts): (Vec<u32>, Vec<Act<'_>>) = (Vec::new(), Vec::new());
        for person in &self.people {
            let to = from + person.events as usize;
            own.clear();
            own.extend_from_slice(&places[from..to]);
            from = to;
            if person.is_erased {
                continue;
            }
            own.sort_by_key(|at| self.rows[*at as usize].when >> 8);
            if dedupe {
                duplicates += self.drop_duplicates(&mut own);
            }
            acts.clear();
            acts.extend(own.iter().map(|at| self.act(*at, &names)));
            let source = names.get(person.source as usize).copied();
            let customer = Customer {
                acts: &acts,
                source: source.filter(|source| !source.is_empty()),
                choices: &choices,
            };
            take(&person.id, &customer);
        }
        duplicates
    }

    /// Places of rows, customer by customer, in the order in which they came.
    fn by_customer(&self) -> Vec<u32> {
        let mut next: Vec<u32> = Vec::with_capacity(self.people.len());
        let mut sum = 0;
        for person in &self.people {
            next.push(sum);
            sum += person.events;
        }
        let mut places = vec![0_u32; self.rows.len()];
        for (at, row) in self.rows.iter().enumerate() {
            let next = &mut next[row.customer as usize];
            places[*next as usize] = at as u32;
            *next += 1;
        }
        places
    }

    /// Drops what has the id of an event up to a day before it, of those types that are looked at.
    fn drop_duplicates(&self, own: &mut Vec<u32>) -> u64 {
        let mut seen: Vec<(u64, i64)> = Vec::new();
        let before = own.len();
        own.retain(|at| {
            let row = &self.rows[*at as usize];
            let (kind, ts) = (kind(row), row.when >> 8);
            let Some(extra) = row.extra.checked_sub(1).filter(|_| kind.is_deduplicated()) else {
                return true;
            };
            let id = self.extras[extra as usize].id;
            let mut recent = seen.iter().rev();
            let known = recent
                .by_ref()
                .take_while(|(_, then)| ts - then <= SAME_WITHIN_MS)
                .any(|(other, _)| *other == id);
            if !known {
                seen.push((id, ts));
            }
            !known
        });
        (before - own.len()) as u64
    }

    fn act<'n>(&self, at: u32, names: &[&'n str]) -> Act<'n> {
        let row = &self.rows[at as usize];
        let extra = row.extra.checked_sub(1);
        let said = extra.map_or(Said::Nothing, |extra| {
            self.extras[extra as usize].said.with(names)
        });
        Act {
            ts: row.when >> 8,
            kind: kind(row),
            minor: Some(row.minor).filter(|minor| *minor != NO_AMOUNT),
            said,
        }
    }
}

fn kind(row: &Row) -> EventType {
    EventType::ALL[(row.when & 0xff) as usize]
}
