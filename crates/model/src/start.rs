//! Customers whose start is unknown, because the log begins in the middle of their lives.
//!
//! A log that begins with its shop sees about as many new customers in its second month as in its first. One that is cut
//! out of a longer history meets the whole clientele in the first weeks, each at the first act there: far more seem to be new
//! than later. The surplus are customers whose tenure and counts begin with the log instead of with them.

use holdfast_features::DAY_MS;

use crate::history::History;

/// Days of each of the two spans that are compared.
const SPAN_DAYS: i64 = 30;
/// How many times the second span's newcomers the first one's have to be.
const SURPLUS: f64 = 1.5;
/// Standard deviations of a count by which they have to differ as well.
const CLEARLY: f64 = 4.0;

/// How many customers seem to be older than the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The surplus of newcomers in the log's first 30 days over the next 30.
    pub customers: u64,
    /// All customers of the log.
    pub all: u64,
}

/// Looks at the first events of a finished history; none where it seems to begin with its customers, or is too short
/// to tell.
#[must_use]
pub fn unknown(history: &History) -> Option<Unknown> {
    let begin = history.first_ms()?;
    let span = SPAN_DAYS * DAY_MS;
    if history.last_ms()? < begin + 2 * span {
        return None;
    }
    let firsts = history.firsts();
    let new_in = |k: i64| {
        let is_in = |ts: &&i64| (begin + k * span..begin + (k + 1) * span).contains(*ts);
        firsts.iter().filter(is_in).count()
    };
    let (first, second) = (new_in(0) as f64, new_in(1) as f64);
    let is_clear = first - second > CLEARLY * (first + second).sqrt();
    (is_clear && first > SURPLUS * second).then_some(Unknown {
        customers: (first - second) as u64,
        all: firsts.len() as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LabelKind;
    use holdfast_events::{CurrencyRule, Decoder, Outcome, Record, Settings};

    /// Each customer buys every 20 days from a day of their own on; the log holds what comes after `begin`.
    fn log(begin: i64, customers: i64) -> History {
        let decoder = Decoder::new(Settings::new(CurrencyRule::Ignore));
        let mut history = History::new(LabelKind::Purchase);
        for customer in 0..customers {
            for turn in 0..30 {
                let day = customer * 300 / customers + 20 * turn;
                if !(begin..400).contains(&day) {
                    continue;
                }
                let ts = 1_600_000_000_000 + day * DAY_MS;
                let text = format!(
                    r#"{{"event_id":"{customer}-{turn}","customer_id":"c{customer}","type":"purchase","ts":{ts},"amount":1}}"#
                );
                if let Outcome::Event(event) = decoder.decode(&Record::line(0, text.as_bytes())) {
                    history.push(&event);
                }
            }
        }
        history.finish(i64::MAX);
        history
    }

    #[test]
    fn log_that_begins_with_its_customers_has_none_of_unknown_start() {
        assert_eq!(unknown(&log(0, 900)), None);
    }

    #[test]
    fn log_cut_out_of_a_longer_one_tells_how_many_are_older_than_it() {
        let found = unknown(&log(150, 900)).unwrap();
        // Half of the customers began before day 150 and are all seen within 20 days.
        assert!((400..=460).contains(&found.customers), "{found:?}");
        assert_eq!(found.all, 900);
    }

    #[test]
    fn few_customers_are_too_few_to_tell() {
        assert_eq!(unknown(&log(150, 12)), None);
        assert_eq!(unknown(&History::new(LabelKind::Any)), None);
    }
}
