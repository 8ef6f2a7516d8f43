//! How long a silence has to be to count as having left, told from the gaps between a customer's own days.

use holdfast_features::DAY_MS;

use crate::cutoffs::step_ms;
use crate::history::History;
use crate::{Error, LabelKind};

/// The horizons that are suggested, days.
pub const HORIZONS: [u32; 7] = [7, 14, 30, 60, 90, 120, 180];

/// Share of all gaps that the horizon is to outlast.
const SHARE: f64 = 0.8;
/// Least gaps that say anything.
const LEAST_GAPS: usize = 30;
/// Instants at which returns are counted, a step apart.
const INSTANTS: i64 = 3;

/// A horizon, and what speaks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggested {
    /// The horizon, days: the least of [`HORIZONS`] not below [`Self::usual_gap`], else the longest.
    pub horizon_days: u32,
    /// Gaps between neighbouring days of a customer, UTC, all customers together.
    pub gaps: usize,
    /// The gap, in days, that 80 % of them do not exceed.
    pub usual_gap: f64,
    /// Those who came back, for this horizon and its neighbours.
    pub around: Vec<Returns>,
}

/// False churn under a horizon: silent for that long, and back within as long again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Returns {
    /// The horizon, days.
    pub horizon_days: u32,
    /// Customers who had been active within twice the horizon and then were silent for one.
    pub silent: u64,
    /// How many of them came back within the next one.
    pub returned: u64,
}

impl Returns {
    /// Share of the silent who came back; none where nobody was silent, or the log is too short to tell.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.silent > 0).then(|| self.returned as f64 / self.silent as f64)
    }
}

/// Suggests a horizon from a finished history, of which nothing after `until_ms` is known.
///
/// # Errors
/// [`Error::Setting`] where a named event is the label: gaps tell nothing of it. [`Error::DataTooSmall`] with too few
/// gaps.
pub fn suggest(history: &History, until_ms: i64) -> Result<Suggested, Error> {
    possible(history.label())?;
    let times = history.occasions();
    let mut gaps: Vec<i64> = times.iter().flat_map(|own| day_gaps(own)).collect();
    if gaps.len() < LEAST_GAPS {
        return Err(Error::DataTooSmall(format!(
            "{} gaps between days of the same customer, {LEAST_GAPS} are needed to suggest a horizon: give one, as \
             --horizon-days 90",
            gaps.len()
        )));
    }
    gaps.sort_unstable();
    let usual_gap = quantile(&gaps, SHARE);
    let last = HORIZONS.len() - 1;
    let chosen = HORIZONS
        .iter()
        .position(|days| f64::from(*days) >= usual_gap)
        .unwrap_or(last);
    let around = &HORIZONS[chosen.saturating_sub(1)..=(chosen + 1).min(last)];
    Ok(Suggested {
        horizon_days: HORIZONS[chosen],
        gaps: gaps.len(),
        usual_gap,
        around: around
            .iter()
            .map(|days| returns(&times, until_ms, *days))
            .collect(),
    })
}

/// Whether gaps can tell a horizon for this label.
///
/// # Errors
/// [`Error::Setting`] for a named event, with what to give instead.
pub fn possible(label: &LabelKind) -> Result<(), Error> {
    match label {
        LabelKind::Purchase | LabelKind::Any => Ok(()),
        LabelKind::Event(name) => Err(Error::Setting(format!(
            "a horizon for {name:?} cannot be told from gaps between purchases: give the days within which you could \
             still act, such as a billing period, as --horizon-days 30"
        ))),
    }
}

fn day_gaps(times: &[i64]) -> impl Iterator<Item = i64> {
    let day = |ts: &i64| ts.div_euclid(DAY_MS);
    times
        .windows(2)
        .map(move |pair| day(&pair[1]) - day(&pair[0]))
        .filter(|gap| *gap > 0)
}

fn quantile(sorted: &[i64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    let (a, b) = (sorted[below] as f64, sorted[above] as f64);
    a + (at - at.floor()) * (b - a)
}

fn returns(times: &[Vec<i64>], until_ms: i64, horizon_days: u32) -> Returns {
    let horizon = i64::from(horizon_days) * DAY_MS;
    let mut found = Returns {
        horizon_days,
        silent: 0,
        returned: 0,
    };
    for k in 0..INSTANTS {
        let at = until_ms - 2 * horizon - k * step_ms(horizon_days);
        for own in times {
            let next = own.partition_point(|ts| *ts <= at);
            let was_active = next > 0 && own[next - 1] > at - 2 * horizon;
            let wait = own.get(next).map_or(i64::MAX, |ts| ts - at);
            if was_active && wait > horizon {
                found.silent += 1;
                found.returned += u64::from(wait <= 2 * horizon);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = DAY_MS;

    #[test]
    fn gaps_are_those_between_days_not_between_purchases() {
        let times = [0, 1, DAY, DAY + 5, 4 * DAY];
        assert_eq!(day_gaps(&times).collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn quantile_lies_between_its_neighbours() {
        assert_eq!(quantile(&[1, 2, 3, 4, 5, 6], 0.8), 5.0);
        assert!((quantile(&[0, 10], 0.8) - 8.0).abs() < 1e-12);
        assert_eq!(quantile(&[7], 0.8), 7.0);
    }

    #[test]
    fn who_is_silent_for_a_horizon_and_back_in_the_next_is_false_churn() {
        let until = 100 * DAY;
        // Of the three instants, days 72, 79 and 86, only the last has both buyers active before it.
        let back = vec![85 * DAY, 94 * DAY];
        let gone = vec![85 * DAY];
        let soon = vec![85 * DAY, 87 * DAY, 99 * DAY];
        let found = returns(&[back, gone, soon], until, 7);
        assert_eq!((found.silent, found.returned), (2, 1));
        assert_eq!(found.share(), Some(0.5));
        assert_eq!(returns(&[], until, 7).share(), None);
    }

    #[test]
    fn named_event_is_refused_with_what_to_give_instead() {
        let error = possible(&LabelKind::Event("subscription_cancel".to_owned())).unwrap_err();
        assert!(matches!(error, Error::Setting(_)));
        assert!(error.to_string().contains("--horizon-days 30"), "{error}");
    }
}
