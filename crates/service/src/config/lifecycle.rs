//! `[lifecycle]`, `[segments]` and `[kpis]`: what is told of customers beside alerts.

use holdfast_lifecycle::{Cuts, DAY_MS, Settings};
use holdfast_reports::Period;
use jiff::tz::TimeZone;

use super::reader::Reader;
use super::{Kpis, Lifecycle};

/// `time_zone` is that of the business, checked before.
pub(super) fn read(reader: &mut Reader<'_>, time_zone: &str) -> Lifecycle {
    let enabled = reader.flag("lifecycle.enabled").unwrap_or(true);
    let wants_kpis = reader.flag("kpis.enabled").unwrap_or(true);
    let kpis = kpis(reader);
    Lifecycle {
        enabled,
        settings: settings(reader, time_zone),
        cuts: cuts(reader),
        kpis: (enabled && wants_kpis).then_some(kpis),
    }
}

fn kpis(reader: &mut Reader<'_>) -> Kpis {
    const KEY: &str = "kpis.periods";
    let mut periods = Vec::new();
    for name in reader.texts(KEY).unwrap_or_default() {
        match Period::ALL.into_iter().find(|period| period.name() == name) {
            Some(period) if periods.contains(&period) => {}
            Some(period) => periods.push(period),
            None => reader.fault(KEY, format!("`{name}` is none of day, week, month, year")),
        }
    }
    periods.sort_unstable();
    let alive_ms = reader.duration("kpis.alive");
    if alive_ms.is_some_and(|ms| ms < DAY_MS || ms % 1_000 != 0) {
        reader.fault("kpis.alive", "is not a day or more in whole seconds");
    }
    Kpis { periods, alive_ms }
}

fn settings(reader: &mut Reader<'_>, time_zone: &str) -> Settings {
    let usual = Settings::default();
    let dwell_ms = reader.duration("lifecycle.dwell");
    let dormant_gaps = reader.number("lifecycle.dormant_gaps");
    if dormant_gaps.is_some_and(|gaps| gaps < 1.0) {
        reader.fault(
            "lifecycle.dormant_gaps",
            "below 1 everybody is dormant at each own gap",
        );
    }
    Settings {
        time_zone: TimeZone::get(time_zone).unwrap_or(TimeZone::UTC),
        dwell_ms: dwell_ms.unwrap_or(usual.dwell_ms),
        dormant_gaps: dormant_gaps.unwrap_or(usual.dormant_gaps),
        ..usual
    }
}

/// All cut points or none: half of a grid would be the model's and half the configuration's.
fn cuts(reader: &mut Reader<'_>) -> Option<Cuts> {
    const KEYS: [&str; 3] = [
        "segments.recency_days",
        "segments.frequency",
        "segments.monetary",
    ];
    let usual = Cuts::default();
    let is_set = KEYS.iter().any(|key| reader.is_set(key)) || reader.is_set("segments.top_spend");
    let recency_days = four(reader, KEYS[0]);
    let frequency = four(reader, KEYS[1]);
    let monetary = four(reader, KEYS[2]);
    let top_spend = reader.number("segments.top_spend");
    is_set.then(|| Cuts {
        recency_days: recency_days.unwrap_or(usual.recency_days),
        frequency: frequency.unwrap_or(usual.frequency),
        monetary,
        top_spend,
    })
}

fn four(reader: &mut Reader<'_>, key: &str) -> Option<[f64; 4]> {
    let list = reader.numbers(key)?;
    let found: Option<[f64; 4]> = list.clone().try_into().ok();
    let rises = |cuts: &[f64; 4]| cuts.windows(2).all(|pair| pair[0] <= pair[1]);
    if found.as_ref().is_none_or(|cuts| !rises(cuts)) {
        reader.fault(
            key,
            format!("{list:?} is not four numbers that do not fall"),
        );
    }
    found
}
