//! `[lifecycle]`, `[contact]`, `[segments]` and `[kpis]`: what is told of customers beside alerts.

use holdfast_events::EventType;
use holdfast_lifecycle::part::activation::ACTIVATIONS;
use holdfast_lifecycle::part::contact::{ContactCap, QuietHours};
use holdfast_lifecycle::{DAY_MS, Settings};
use holdfast_reports::Period;
use jiff::tz::TimeZone;

use super::reader::Reader;
use super::{Kpis, Lifecycle, OwnCuts};

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
    let mut span = |key: &str, usual: i64| reader.duration(key).unwrap_or(usual);
    let spans = Settings {
        dwell_ms: span("lifecycle.dwell", usual.dwell_ms),
        activation_ms: span("lifecycle.activation_within", usual.activation_ms),
        renewal_grace_ms: span("lifecycle.renewal_grace", usual.renewal_grace_ms),
        nps_use_ms: span("lifecycle.nps_after", usual.nps_use_ms),
        follow_up_ms: span("lifecycle.follow_up_within", usual.follow_up_ms),
        slow_reply_ms: span("lifecycle.slow_reply", usual.slow_reply_ms),
        cap: ContactCap {
            window_ms: span("contact.cap_window", usual.cap.window_ms),
            ..usual.cap
        },
        ..usual
    };
    for key in ["lifecycle.activation_within", "lifecycle.follow_up_within"] {
        if reader.duration(key) == Some(0) {
            reader.fault(key, "wants a span longer than 0");
        }
    }
    let dormant_gaps = reader.number("lifecycle.dormant_gaps");
    if dormant_gaps.is_some_and(|gaps| gaps < 1.0) {
        reader.fault(
            "lifecycle.dormant_gaps",
            "below 1 everybody is dormant at each own gap",
        );
    }
    let points_step = within(reader, "lifecycle.points_step", u32::MAX.into());
    Settings {
        time_zone: TimeZone::get(time_zone).unwrap_or(TimeZone::UTC),
        dormant_gaps: dormant_gaps.unwrap_or(spans.dormant_gaps),
        replies_are_known: reader.flag("lifecycle.replies").unwrap_or(false),
        messages_are_known: reader.flag("lifecycle.order_messages").unwrap_or(false),
        points_step: points_step.map_or(spans.points_step, |n| n as u32),
        activation: activation(reader).unwrap_or_else(|| spans.activation.clone()),
        cap: ContactCap {
            contacts: cap(reader).map_or(spans.cap.contacts, |n| n as u32),
            ..spans.cap
        },
        quiet: QuietHours {
            from: within(reader, "contact.quiet_from", 23).map_or(spans.quiet.from, |n| n as u8),
            to: within(reader, "contact.quiet_to", 23).map_or(spans.quiet.to, |n| n as u8),
        },
        consent_required: reader
            .flag("contact.consent_required")
            .unwrap_or(spans.consent_required),
        ..spans
    }
}

/// Messages within the window: with none allowed there would be no instant at which one is.
fn cap(reader: &mut Reader<'_>) -> Option<u64> {
    const KEY: &str = "contact.cap";
    let found = within(reader, KEY, 1_000)?;
    if found == 0 {
        reader.fault(KEY, "is not from 1 to 1000");
    }
    Some(found)
}

/// A whole number from 0 to `most`.
fn within(reader: &mut Reader<'_>, key: &str, most: i64) -> Option<u64> {
    let found = reader.integer(key)?;
    if !(0..=most).contains(&found) {
        reader.fault(key, format!("{found} is not from 0 to {most}"));
        return None;
    }
    Some(found.unsigned_abs())
}

/// Types of events that are first value.
fn activation(reader: &mut Reader<'_>) -> Option<Vec<EventType>> {
    const KEY: &str = "lifecycle.activation";
    let mut kinds = Vec::new();
    for name in reader.texts(KEY)? {
        match ACTIVATIONS.into_iter().find(|kind| kind.name() == name) {
            Some(kind) => kinds.push(kind),
            None => {
                let known = ACTIVATIONS.map(EventType::name).join(", ");
                reader.fault(KEY, format!("`{name}` is none of {known}"));
            }
        }
    }
    Some(kinds)
}

/// Each that is named wins over the model's.
fn cuts(reader: &mut Reader<'_>) -> OwnCuts {
    const TOP: &str = "segments.top_spend";
    let top_spend = reader.number(TOP);
    if top_spend.is_some_and(|spend| spend < 0.0) {
        reader.fault(TOP, "is below 0");
    }
    OwnCuts {
        recency_days: four(reader, "segments.recency_days"),
        frequency: four(reader, "segments.frequency"),
        monetary: four(reader, "segments.monetary"),
        top_spend,
    }
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

#[cfg(test)]
mod tests {
    use crate::config::{Layers, Settings};

    fn read(text: &str) -> Result<Settings, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("holdfast.toml");
        std::fs::write(&path, text).unwrap();
        let loaded = Layers::of_file(&path).load();
        loaded
            .map(|loaded| loaded.settings)
            .map_err(|faults| faults.to_string())
    }

    #[test]
    fn documented_defaults_are_those_of_the_tracker() {
        let own = read("").unwrap().lifecycle.settings;
        assert_eq!(own, holdfast_lifecycle::Settings::default());
    }

    #[test]
    fn spans_caps_and_hours_are_taken_over() {
        let text = "[lifecycle]\nactivation = [\"feature_use\"]\nslow_reply = \"2h\"\npoints_step = 0\n\
                    [contact]\ncap = 1\ncap_window = \"1d\"\nquiet_from = 22\nconsent_required = true\n";
        let own = read(text).unwrap().lifecycle.settings;
        assert_eq!(own.activation, [holdfast_events::EventType::FeatureUse]);
        assert_eq!((own.slow_reply_ms, own.points_step), (7_200_000, 0));
        assert_eq!((own.cap.contacts, own.cap.window_ms), (1, 86_400_000));
        assert_eq!((own.quiet.from, own.quiet.to), (22, 8));
        assert!(own.consent_required);
    }

    #[test]
    fn one_cut_point_of_the_configuration_leaves_the_others_to_the_model() {
        let own = read("[segments]\ntop_spend = 5\n").unwrap();
        let learned = holdfast_lifecycle::Cuts {
            recency_days: [1.0, 2.0, 3.0, 4.0],
            monetary: Some([9.0; 4]),
            ..Default::default()
        };
        let expected = holdfast_lifecycle::Cuts {
            top_spend: Some(5.0),
            ..learned.clone()
        };
        assert_eq!(own.lifecycle.cuts.over(Some(learned)), expected);
    }

    #[test]
    fn every_fault_of_them_is_told_at_once() {
        let text = "[segments]\ntop_spend = -1\n[lifecycle]\nactivation_within = \"0s\"\nactivation = [\"buy\"]\n[contact]\ncap = 0\nquiet_to = 24\n\
                    [kpis]\nperiods = [\"hour\"]\nalive = \"2h\"\n";
        let faults = read(text).unwrap_err();
        for key in [
            "lifecycle.activation",
            "lifecycle.activation_within",
            "segments.top_spend",
            "contact.cap",
            "contact.quiet_to",
            "kpis.periods",
            "kpis.alive",
        ] {
            assert!(faults.contains(key), "{key} is not in {faults}");
        }
        let partials = read("[topics]\npartials = \"off\"\n").unwrap_err();
        assert!(partials.contains("topics.partials"), "{partials}");
        let none = read("[kpis]\nenabled = false\n").unwrap();
        assert_eq!(none.topics.streams.len(), 4);
        assert_eq!(none.lifecycle.kpis, None);
    }
}
