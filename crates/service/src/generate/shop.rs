//! All customers together: day by day, in the order in which events reach the log.

use holdfast_playbook::Preset;

use super::account::Account;
use super::customer::{Customer, Day};
use super::event::Event;
use super::random::Random;
use super::trail::customer_id;
use super::{DAY_MS, Params};

/// Somebody who is made up.
#[derive(Debug)]
enum Person {
    Shopper(Box<Customer>),
    Account(Box<Account>),
}

impl Person {
    fn new(number: u32, params: &Params) -> Self {
        match params.preset {
            Preset::Ecommerce => Self::Shopper(Box::new(Customer::new(number, params))),
            Preset::Saas => Self::Account(Box::new(Account::new(number, params))),
        }
    }

    fn live(&mut self, day: Day, out: &mut Vec<Event>) {
        match self {
            Self::Shopper(customer) => customer.live(day, out),
            Self::Account(account) => account.live(day, out),
        }
    }

    /// Who, and when they left.
    fn truth(&self) -> (String, Option<i64>) {
        let (number, churn_ms) = match self {
            Self::Shopper(customer) => (customer.number(), customer.churn_ms()),
            Self::Account(account) => (account.number(), account.churn_ms()),
        };
        (customer_id(number), churn_ms)
    }
}

/// The whole shop; [`Shop::next_day`] moves it on.
#[derive(Debug)]
pub struct Shop {
    params: Params,
    customers: Vec<Person>,
    /// Days on which a spell of late deliveries begins.
    troubles: Vec<u32>,
    day: u32,
    /// Made but not due yet, in the order of arrival.
    pending: Vec<Event>,
    due: Vec<Event>,
}

impl Shop {
    pub fn new(params: &Params) -> Self {
        let customers = (0..params.customers)
            .map(|n| Person::new(n, params))
            .collect();
        let mut random = Random::new(params.seed, 0);
        let troubles = (0..params.days)
            .filter(|_| random.chance(1.0 / 40.0))
            .collect();
        let (pending, due) = (Vec::new(), Vec::new());
        Self {
            params: params.clone(),
            customers,
            troubles,
            day: 0,
            pending,
            due,
        }
    }

    /// Whether the shop has one of its weeks of late deliveries.
    fn in_trouble(&self) -> bool {
        self.troubles
            .iter()
            .any(|from| (*from..from + 7).contains(&self.day))
    }

    pub fn days_done(&self) -> u32 {
        self.day
    }

    /// The events that arrive on the next day, in order; `None` after the last day.
    pub fn next_day(&mut self) -> Option<&[Event]> {
        if self.day == self.params.days {
            return None;
        }
        let from = self.params.start_ms + i64::from(self.day) * DAY_MS;
        let day = Day {
            number: self.day,
            from_ms: from,
            failures: if self.in_trouble() { 0.30 } else { 0.06 },
            abandons: self.params.abandons,
        };
        for customer in &mut self.customers {
            customer.live(day, &mut self.pending);
        }
        self.day += 1;
        let last = self.day == self.params.days;
        self.pending
            .sort_unstable_by_key(|e| (e.arrival, e.customer, e.seq));
        let cut = if last {
            // What would happen after the end is not part of the log.
            let end = self.params.end_ms();
            self.pending.retain(|e| e.ts < end);
            self.pending.len()
        } else {
            self.pending.partition_point(|e| e.arrival < from + DAY_MS)
        };
        self.due.clear();
        self.due.extend(self.pending.drain(..cut));
        Some(&self.due)
    }

    /// The events of the day that [`Shop::next_day`] gave last.
    pub fn due(&self) -> &[Event] {
        &self.due
    }

    /// Every customer with the instant of leaving, if it lies before the end so far.
    pub fn truth(&self) -> impl Iterator<Item = (String, Option<i64>)> {
        self.customers.iter().map(Person::truth)
    }
}
