//! Lead time: how long before a customer counted as lost the alert would have come.
//!
//! A customer counts as lost when the horizon has passed since the last purchase (or act) without another: the day
//! on which a plain rule of so many silent days would have noticed. Where an event means having left, it is that
//! event. The alert is the first score at or above the threshold after the last purchase, and the lead time the days
//! between the two. As with alarms in medicine (Henry et al., Science Translational Medicine 7, 2015) it is told of
//! those for whom an alert came in time, beside the share for whom one did.

use serde::{Deserialize, Serialize};

use crate::metrics::{Draws, Interval, Scored};

/// A customer who left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Departure {
    /// Any number below 2^32.
    pub customer: u32,
    /// Days from the alert until the customer counted as lost; none if no alert came before.
    pub lead_days: Option<f64>,
}

/// Lead time over some departures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LeadTime {
    /// How many customers left.
    pub departures: u64,
    /// Share of them for whom an alert came in time.
    pub warned: Interval,
    /// Median of their lead times in days.
    pub days: Interval,
}

/// Lead time with intervals over customers.
#[must_use]
pub fn lead_time(departures: &[Departure]) -> LeadTime {
    let rows: Vec<Scored> = departures
        .iter()
        .map(|departure| Scored {
            p: 0.0,
            left: true,
            customer: departure.customer,
        })
        .collect();
    let draws = Draws::of(&rows);
    let places: Vec<usize> = rows.iter().map(|row| draws.place(row.customer)).collect();
    let mut leads: Vec<(f64, usize)> = departures
        .iter()
        .zip(&places)
        .filter_map(|(departure, place)| Some((departure.lead_days?, *place)))
        .collect();
    leads.sort_by(|a, b| a.0.total_cmp(&b.0));
    let figures = |counts: Option<&[u32]>| {
        let weight = |place: usize| counts.map_or(1, |counts| u64::from(counts[place]));
        let all: u64 = places.iter().map(|place| weight(*place)).sum();
        let warned: u64 = leads.iter().map(|(_, place)| weight(*place)).sum();
        [warned as f64 / all as f64, median(&leads, warned, weight)]
    };
    let found = figures(None);
    let mut drawn = Vec::new();
    draws.each(|counts| drawn.push(figures(Some(counts))));
    let interval = |i: usize| Interval::of(found[i], drawn.iter().map(|d| d[i]).collect());
    LeadTime {
        departures: departures.len() as u64,
        warned: interval(0),
        days: interval(1),
    }
}

/// The middle of ascending lead times under a weighting, the lower one of two; NaN without any.
fn median(leads: &[(f64, usize)], total: u64, weight: impl Fn(usize) -> u64) -> f64 {
    let mut seen = 0;
    for (days, place) in leads {
        seen += weight(*place);
        if seen > 0 && 2 * seen >= total {
            return *days;
        }
    }
    f64::NAN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lead_time_is_of_those_who_were_warned_beside_their_share() {
        let departures: Vec<Departure> = (0..100)
            .map(|customer| Departure {
                customer,
                lead_days: (customer < 40).then(|| f64::from(customer % 20) + 1.0),
            })
            .collect();
        let found = lead_time(&departures);
        assert_eq!(found.departures, 100);
        assert!((found.warned.value - 0.4).abs() < 1e-12);
        assert!(
            found.warned.lo > 0.28 && found.warned.hi < 0.52,
            "{found:?}"
        );
        assert!((found.days.value - 10.0).abs() < 1e-12);
        assert!(found.days.lo >= 6.0 && found.days.hi <= 15.0, "{found:?}");
        assert!(found.days.lo < found.days.hi);
    }

    #[test]
    fn nobody_warned_has_a_share_but_no_time() {
        let none = Departure {
            customer: 1,
            lead_days: None,
        };
        let found = lead_time(&[none]);
        assert!(found.warned.value == 0.0 && found.days.value.is_nan());
        assert!(lead_time(&[]).warned.value.is_nan());
    }
}
