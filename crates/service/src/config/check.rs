//! From raw values to [`Settings`]: conversions, ranges and what must agree with what.

use std::net::SocketAddr;

use holdfast_producer::Stream;
use toml::Value;

use super::fault::{Fault, Faults};
use super::reader::Reader;
use super::tree::Tree;
use super::{
    AlertFormat, Alerts, App, CartAbandon, Clock, Currency, Erasure, Events, Features, Http,
    Loaded, Log, Money, Policy, PolicyMode, Settings, Silence, SourceKind, Unset, kafka, lifecycle,
    run, snapshot, topics,
};

pub(super) fn check(tree: Tree, faults: Vec<Fault>) -> Result<Loaded, Faults> {
    let mut reader = Reader::new(&tree, faults);
    let app = app(&mut reader);
    let source = reader
        .word(
            "source.kind",
            &[("kafka", SourceKind::Kafka), ("log", SourceKind::Log)],
        )
        .unwrap_or(SourceKind::Kafka);
    let log = Log {
        input: reader.path("log.input").unwrap_or_default(),
        output: reader.path("log.output").unwrap_or_default(),
    };
    let lifecycle = lifecycle::read(&mut reader, &app.time_zone);
    let mut topics = topics::read(&mut reader, &app);
    let mut lifecycle = lifecycle;
    if !lifecycle.enabled {
        topics.streams.clear();
    }
    let told = [Stream::Kpis, Stream::Worklist];
    if !told
        .iter()
        .any(|stream| topics.streams.contains_key(stream))
    {
        lifecycle.kpis = None;
    }
    if lifecycle.kpis.is_none() {
        topics.streams.retain(|stream, _| *stream < Stream::Kpis);
    }
    let settings = Settings {
        source,
        kafka: kafka::read(&mut reader, &tree, &app, source),
        topics,
        model_path: reader.path("model.path"),
        challenger_path: reader.path("model.challenger"),
        policy: policy(&mut reader),
        unset: Unset {
            open: !reader.is_set("policy.open"),
            close: !reader.is_set("policy.close"),
            bands: !reader.is_set("policy.bands"),
        },
        silence: silence(&mut reader),
        events: events(&mut reader),
        erasure: Erasure {
            block_ms: reader.duration("erasure.block").unwrap_or_default(),
        },
        features: Features {
            cart_abandon: cart_abandon(&mut reader),
            max_customers: max_customers(&mut reader),
        },
        lifecycle,
        playbook: topics::playbook(&mut reader),
        products: reader.path("playbook.products"),
        alerts: alerts(&mut reader),
        money: money(&mut reader),
        http: http(&mut reader),
        run: run::read(&mut reader),
        snapshot: snapshot::read(&mut reader, (source == SourceKind::Log).then_some(&log)),
        log,
        app,
    };
    let mut faults = reader.faults;
    if faults.is_empty() {
        return Ok(Loaded { settings, tree });
    }
    faults.sort_by(|a, b| a.origin.cmp(&b.origin));
    Err(Faults(faults))
}

fn app(reader: &mut Reader<'_>) -> App {
    let zone = reader
        .text("app.time_zone")
        .unwrap_or_else(|| "UTC".to_owned());
    if jiff::tz::TimeZone::get(&zone).is_err() {
        reader.fault(
            "app.time_zone",
            format!("`{zone}` is no IANA time zone such as \"Europe/Berlin\""),
        );
    }
    App {
        id: name(reader, "app.id"),
        tenant: reader.text("app.tenant").unwrap_or_default(),
        time_zone: zone,
    }
}

/// A text that Kafka takes as the name of a topic, a group or a member.
pub(super) fn name(reader: &mut Reader<'_>, key: &str) -> String {
    let text = reader.text(key).unwrap_or_default();
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !text.chars().all(legal) || text.len() > 249 {
        reader.fault(
            key,
            format!("`{text}` may have letters, digits, `.`, `_` and `-` only, at most 249"),
        );
    }
    text
}

pub(super) fn name_or(reader: &mut Reader<'_>, key: &str, default: String) -> String {
    if reader.entry(key).is_some() {
        name(reader, key)
    } else {
        default
    }
}

fn policy(reader: &mut Reader<'_>) -> Policy {
    let open = probability(reader, "policy.open", 0.8);
    let mut close = probability(reader, "policy.close", 0.7);
    // Where nobody set `open` a model may: what is beside it is judged with the model.
    let is_fixed = reader.is_set("policy.open");
    if close > open && (is_fixed || !reader.is_set("policy.close")) {
        if reader.is_set("policy.close") {
            reader.fault(
                "policy.close",
                format!("{close} is above policy.open, {open}"),
            );
        }
        close = open;
    }
    Policy {
        mode: reader
            .word(
                "policy.mode",
                &[
                    ("episodes", PolicyMode::Episodes),
                    ("plain", PolicyMode::Plain),
                ],
            )
            .unwrap_or(PolicyMode::Episodes),
        open,
        close,
        bands: bands(reader, open),
        dwell_ms: reader.duration("policy.dwell").unwrap_or_default(),
        cooldown_ms: reader.duration("policy.cooldown").unwrap_or_default(),
        hard_churn: reader.texts("policy.hard_churn").unwrap_or_default(),
        control_share: control_share(reader),
        control_salt: reader.text("policy.control_salt").unwrap_or_default(),
    }
}

fn control_share(reader: &mut Reader<'_>) -> f64 {
    let key = "policy.control_share";
    let share = reader.number(key).unwrap_or(0.0);
    if (0.0..=1.0).contains(&share) {
        return share;
    }
    reader.fault(key, format!("{share} is not a share between 0 and 1"));
    0.0
}

fn probability(reader: &mut Reader<'_>, key: &str, default: f64) -> f64 {
    let Some(p) = reader.number(key) else {
        return default;
    };
    if p > 0.0 && p < 1.0 {
        return p;
    }
    reader.fault(key, format!("{p} is not a probability between 0 and 1"));
    default
}

fn bands(reader: &mut Reader<'_>, open: f64) -> Vec<f64> {
    let key = "policy.bands";
    let mut bands = reader.numbers(key).unwrap_or_default();
    if !reader.is_set(key) {
        bands.retain(|band| *band > open);
        return bands;
    }
    let least = if reader.is_set("policy.open") {
        open
    } else {
        0.0
    };
    for band in bands.iter().filter(|band| **band <= least || **band >= 1.0) {
        reader.fault(
            key,
            format!("{band} is not between policy.open, {least}, and 1"),
        );
    }
    if bands.windows(2).any(|pair| pair[0] >= pair[1]) {
        reader.fault(key, "are not in ascending order");
    }
    bands
}

fn silence(reader: &mut Reader<'_>) -> Silence {
    Silence {
        enabled: reader.flag("silence.enabled").unwrap_or(true),
        clock: reader
            .word(
                "silence.clock",
                &[("wall", Clock::Wall), ("event", Clock::Event)],
            )
            .unwrap_or(Clock::Wall),
        grace_ms: reader.duration("silence.grace").unwrap_or_default(),
        idle_after_ms: reader.duration("silence.idle_after").unwrap_or_default(),
    }
}

fn events(reader: &mut Reader<'_>) -> Events {
    Events {
        dedupe: reader.flag("events.dedupe").unwrap_or(true),
        strict: reader.flag("events.strict").unwrap_or(false),
        max_future_ms: reader.duration("events.max_future").unwrap_or_default(),
        mapping: mapping(reader),
    }
}

/// `[events.mapping]`, judged by the events crate.
fn mapping(reader: &mut Reader<'_>) -> Option<toml::Table> {
    let key = "events.mapping";
    let Value::Table(table) = &reader.entry(key)?.value else {
        reader.fault(key, "is a table of settings, not one value");
        return None;
    };
    match table.clone().try_into::<holdfast_events::mapping::Config>() {
        Err(error) => reader.fault(key, error.message().replace('\n', " ")),
        Ok(config) => {
            for fault in config.check().err().unwrap_or_default() {
                reader.fault(&fault.key, fault.message);
            }
        }
    }
    Some(table.clone())
}

fn cart_abandon(reader: &mut Reader<'_>) -> Option<CartAbandon> {
    let (source, after) = (
        "features.cart_abandon.source",
        "features.cart_abandon.after",
    );
    let given = reader.word(source, &[("given", true), ("derived", false)]);
    let after_ms = reader.duration(after);
    if after_ms == Some(0) {
        reader.fault(after, "must be longer than nothing");
    }
    match (given, after_ms) {
        (Some(true), Some(_)) => {
            reader.fault(after, "has no meaning when abandons are given");
            None
        }
        (Some(true), None) => Some(CartAbandon::Given),
        (_, Some(after_ms)) => Some(CartAbandon::Derived { after_ms }),
        (Some(false), None) => Some(CartAbandon::default()),
        (None, None) => None,
    }
}

fn max_customers(reader: &mut Reader<'_>) -> Option<u32> {
    let key = "features.max_customers";
    let number = reader.integer(key)?;
    let in_range = u32::try_from(number).ok().filter(|n| *n > 0);
    if in_range.is_none() {
        reader.fault(key, format!("{number} is not between 1 and {}", u32::MAX));
    }
    in_range
}

fn alerts(reader: &mut Reader<'_>) -> Alerts {
    Alerts {
        not_before: not_before(reader),
        format: reader
            .word(
                "alerts.format",
                &[("json", AlertFormat::Json), ("spec", AlertFormat::Spec)],
            )
            .unwrap_or(AlertFormat::Json),
    }
}

fn not_before(reader: &mut Reader<'_>) -> Option<i64> {
    let key = "alerts.not_before";
    let text = match &reader.entry(key)?.value {
        Value::Integer(ms) => return Some(*ms),
        Value::Datetime(at) => at.to_string(),
        Value::String(s) if s == "none" => return None,
        Value::String(s) => s.clone(),
        other => other.to_string(),
    };
    let instant = instant_ms(&text);
    if instant.is_none() {
        reader.fault(
            key,
            format!("`{text}` is not ms, a date, an RFC 3339 instant or \"none\""),
        );
    }
    instant
}

/// Milliseconds of `1767225600000`, `2026-01-01` (UTC) or `2026-01-01T00:00:00Z`.
pub(crate) fn instant_ms(text: &str) -> Option<i64> {
    if let Ok(ms) = text.parse() {
        return Some(ms);
    }
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(at.as_millisecond());
    }
    let date = text.parse::<jiff::civil::Date>().ok()?;
    Some(
        date.to_zoned(jiff::tz::TimeZone::UTC)
            .ok()?
            .timestamp()
            .as_millisecond(),
    )
}

fn money(reader: &mut Reader<'_>) -> Money {
    let key = "money.currency";
    let Some(text) = reader.text(key) else {
        return Money::default();
    };
    if text == "ignore" {
        return Money {
            currency: Some(Currency::Ignore),
        };
    }
    if holdfast_events::Currency::parse(&text).is_none() {
        reader.fault(
            key,
            format!("`{text}` is no ISO 4217 code such as \"EUR\", nor \"ignore\""),
        );
    }
    Money {
        currency: Some(Currency::Only(text)),
    }
}

fn http(reader: &mut Reader<'_>) -> Http {
    let key = "http.listen";
    let Some(text) = reader.text(key) else {
        return Http { listen: None };
    };
    if text == "off" {
        return Http { listen: None };
    }
    let listen: Option<SocketAddr> = text.replace("localhost", "127.0.0.1").parse().ok();
    if listen.is_none() {
        reader.fault(
            key,
            format!("`{text}` is no address such as \"127.0.0.1:9464\", nor \"off\""),
        );
    }
    Http { listen }
}
