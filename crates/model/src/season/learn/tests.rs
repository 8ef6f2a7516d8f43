use std::borrow::Cow;

use holdfast_events::{Event, EventType};
use holdfast_features::CartAbandon;

use super::*;
use crate::LabelKind;
use crate::splitmix::SplitMix;
use crate::train::train;

const T0: i64 = 20_454 * DAY_MS;
const HORIZON_DAYS: u32 = 30;

fn label() -> Label {
    Label {
        kind: LabelKind::Purchase,
        horizon_days: HORIZON_DAYS,
        active_days: 2 * HORIZON_DAYS,
    }
}

fn settings() -> Settings {
    Settings {
        dedupe: true,
        cart_abandon: CartAbandon::Given,
        minor_exponent: 2,
        stats: None,
    }
}

/// 700 customers who buy on each day with the same small probability, times e to the `swing` in spring and over it in
/// autumn.
fn shop(days: i64, swing: f64) -> History {
    let mut draw = SplitMix::new(3);
    let mut unit = || draw.below(1 << 53) as f64 / (1_u64 << 53) as f64;
    let mut history = History::new(LabelKind::Purchase);
    for customer in 0..700 {
        for day in 0..days {
            let of_year = day as f64 / YEAR_DAYS as f64 * std::f64::consts::TAU;
            if unit() >= 0.025 * libm::exp(swing * libm::sin(of_year)) {
                continue;
            }
            history.push(&Event {
                event_id: Cow::Owned(format!("{customer}-{day}")),
                customer_id: Cow::Owned(format!("c{customer:03}")),
                kind: EventType::Purchase,
                type_name: Cow::Borrowed("purchase"),
                ts: T0 + day * DAY_MS,
                minor: Some(1_000),
                currency: None,
                rounded: false,
                particulars: Default::default(),
            });
        }
    }
    history.finish(i64::MAX);
    history
}

/// A model that was trained on the days before `until_day`, and what came of asking for a season.
fn asked(
    history: &History,
    until_day: i64,
    wanted: Seasonal,
) -> Result<((Rows, Trained), Found), Error> {
    let label = label();
    let until_ms = T0 + until_day * DAY_MS - 1;
    let cutoffs = cutoffs::training(T0, until_ms, HORIZON_DAYS)?;
    let rows = Rows::collect(history, &label, settings(), &cutoffs, until_ms)?;
    let trained = train(&rows, &label)?;
    let past = Past {
        history,
        label: &label,
        settings: settings(),
        until_ms,
    };
    let found = learn(&past, &rows, &trained, wanted)?;
    assert!(learn(&past, &rows, &trained, Seasonal::Off)?.is_none());
    Ok(((rows, trained), found.unwrap_or_default()))
}

#[test]
fn season_that_was_planted_is_about_half_of_what_the_year_after_asks_for() {
    let history = shop(2 * YEAR_DAYS + 200, 0.7);
    let ((rows, trained), found) = asked(&history, 2 * YEAR_DAYS, Seasonal::Half).unwrap();
    let season = found.season.unwrap();
    // The step of the cutoffs is 10 days, and labels of the last 30 were not known yet.
    assert_eq!((season.step_days, season.shifts.len()), (10, 34));
    assert_eq!(season.from_ms, T0 + 2 * YEAR_DAYS * DAY_MS - 1);
    // Half a year of which nothing was learned, as the model without a season forecasts it.
    let label = label();
    let later = Past {
        history: &history,
        label: &label,
        settings: settings(),
        until_ms: season.from_ms + 200 * DAY_MS,
    };
    let mut told: Vec<Told> = (0..17)
        .map(|k| Told::nothing(season.from_ms + k * 10 * DAY_MS, 0))
        .collect();
    let bare = Scorer::of_columns(
        &trained.columns,
        trained.intercept,
        trained.calibration,
        constants(rows.population.as_ref(), &label),
    )
    .unwrap();
    let halves = later.halves(&[&bare], &mut told);
    let (mut before, mut after) = (0.0, 0.0);
    for (learned, half) in season.shifts.iter().zip(halves) {
        let half = half.unwrap();
        before += (2.0 * half).abs();
        after += (2.0 * half - learned).abs();
    }
    assert!(before / 17.0 > 0.5, "{before}: there is no season");
    // Half is taken, so half would be left.
    assert!(after < 0.7 * before, "{after} of {before} is left");
}

#[test]
fn auto_takes_a_season_that_helps_and_leaves_one_that_does_not() {
    // In the middle of a turn of the year: what a fit knew was other weather.
    let turning = shop(YEAR_DAYS + 280, 0.7);
    let (_, found) = asked(&turning, YEAR_DAYS + 280, Seasonal::Auto).unwrap();
    let trial = found.trial.unwrap();
    assert!(trial.helps && trial.gain > trial.reach, "{trial:?}");
    assert!(found.season.is_some());
    let steady = shop(YEAR_DAYS + 280, 0.0);
    let (_, found) = asked(&steady, YEAR_DAYS + 280, Seasonal::Auto).unwrap();
    assert!(found.trial.is_some_and(|trial| !trial.helps), "{found:?}");
    assert_eq!(found.season, None);
    let (_, found) = asked(&steady, YEAR_DAYS + 280, Seasonal::Half).unwrap();
    let season = found.season.unwrap();
    let sizes = season.shifts.iter().map(|shift| shift.abs());
    // Of a log that began a year before: nobody was a customer of long standing then.
    assert!(sizes.fold(0.0, f64::max) < 0.25, "{season:?}");
}

#[test]
fn log_of_less_than_a_year_and_its_population_is_refused_with_the_days_it_needs() {
    let history = shop(YEAR_DAYS + 70, 0.3);
    let days = YEAR_DAYS + 59;
    let error = asked(&history, days, Seasonal::Half).unwrap_err();
    let said = "a seasonal intercept needs 425 days of events, there are 423";
    assert!(
        matches!(&error, Error::DataTooSmall(text) if text == said),
        "{error}"
    );
    let (_, found) = asked(&history, days, Seasonal::Auto).unwrap();
    assert_eq!(found.missing.as_deref(), Some(said));
    assert_eq!((found.season, found.trial), (None, None));
    // A year and the days of the population give a season, a horizon more tells whether it helps.
    let days = YEAR_DAYS + 65;
    let (_, found) = asked(&history, days, Seasonal::Half).unwrap();
    assert!(found.season.is_some() && found.trial.is_none(), "{found:?}");
    let (_, found) = asked(&history, days, Seasonal::Auto).unwrap();
    let missing = found.missing.unwrap();
    assert!(
        missing.contains("helps needs 455 days") && found.season.is_none(),
        "{missing}"
    );
}

#[test]
fn shift_makes_the_mean_right_and_too_few_rows_tell_none() {
    let log_odds: Vec<f64> = (0..600).map(|i| f64::from(i % 7) - 3.0).collect();
    let left: Vec<bool> = (0..600).map(|i| i % 10 < 7).collect();
    let found = shift(&log_odds, &left).unwrap();
    let mean = log_odds.iter().map(|x| probability(x + found)).sum::<f64>() / 600.0;
    assert!((mean - 0.7).abs() < 1e-9, "{found} {mean}");
    assert_eq!(shift(&log_odds[..299], &left[..299]), None);
    assert_eq!(shift(&log_odds, &[true; 600]), None);
}
