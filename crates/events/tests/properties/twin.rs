//! The decoder's reference twin: the same rules in the plainest way, on serde_json's own values.

use holdfast_events::{Currency, Decoder, EventType, Outcome, Record, RejectReason as Reason};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// What the twin makes of a value under the rule "EUR only".
#[derive(Debug, PartialEq)]
pub(crate) enum Twin {
    Event {
        event_id: String,
        customer_id: String,
        kind: EventType,
        ts: i64,
        major: Option<f64>,
    },
    Erase(String, i64),
    Rejected(Reason),
    /// A value in an unknown member that serde_json cannot hold, so that its depth is not known.
    Undecided,
}

/// Whether the outcome of a decoder of euros is the twin's; else what differs.
pub(crate) fn agrees(decoder: &Decoder, bytes: &[u8]) -> Result<(), String> {
    let same = match (decode(bytes), decoder.decode(&Record::line(0, bytes))) {
        (Twin::Undecided, _) => true,
        (
            Twin::Event {
                event_id,
                customer_id,
                kind,
                ts,
                major,
            },
            Outcome::Event(event),
        ) => {
            let exponent = event.currency.map_or(2, |c| c.exponent());
            let exact = major.unwrap_or_default() * 10_f64.powi(i32::from(exponent));
            let off = (event.minor.unwrap_or_default() as f64 - exact).abs();
            event.event_id == event_id
                && event.customer_id == customer_id
                && (event.kind, event.ts) == (kind, ts)
                && event.minor.is_some() == major.is_some()
                && off <= 0.5 + exact * 1e-12
        }
        (Twin::Erase(id, ts), Outcome::Erase { customer_id, at }) => {
            (&*customer_id, at) == (&*id, Some(ts))
        }
        (Twin::Rejected(reason), Outcome::Rejected(rejection)) => {
            // Only the decoder tells an amount that is no JSON from other broken JSON, and counts
            // the depth of what is broken.
            let finer = [Reason::InvalidAmount, Reason::TooDeep];
            let is_finer = reason == Reason::Malformed && finer.contains(&rejection.reason);
            is_finer || rejection.reason == reason
        }
        _ => false,
    };
    if same {
        return Ok(());
    }
    let got = decoder.decode(&Record::line(0, bytes));
    Err(format!(
        "{got:?}, not {:?}: {}",
        decode(bytes),
        String::from_utf8_lossy(bytes)
    ))
}

pub(crate) fn decode(bytes: &[u8]) -> Twin {
    match event(bytes) {
        Ok(twin) | Err(twin) => twin,
    }
}

fn event(bytes: &[u8]) -> Result<Twin, Twin> {
    let reject = Twin::Rejected;
    let text = std::str::from_utf8(bytes).map_err(|_| reject(Reason::Malformed))?;
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return Err(reject(Reason::Malformed));
    }
    let document = serde_json::from_str::<Document<'_>>(text);
    let depth = depth_of(text)?;
    if depth > 64 {
        return Err(reject(Reason::TooDeep));
    }
    let Document(members) = document.map_err(|_| reject(Reason::Malformed))?;
    let all = |name: &str| {
        members
            .iter()
            .filter(|(n, _)| n == name)
            .collect::<Vec<_>>()
    };
    for name in [
        "event_id",
        "customer_id",
        "type",
        "ts",
        "amount",
        "currency",
        "specversion",
        "data",
    ] {
        if all(name).len() > 1 {
            return Err(reject(Reason::Malformed));
        }
    }
    let get = |name: &str| {
        all(name)
            .first()
            .map(|(_, raw)| raw.get())
            .filter(|raw| *raw != "null")
    };
    if ["event_id", "customer_id", "type", "ts"]
        .into_iter()
        .any(|name| get(name).is_none())
    {
        return Err(reject(Reason::MissingField));
    }
    let event_id = id(get("event_id"))?;
    let customer_id = id(get("customer_id"))?;
    let channel = get("channel").filter(|_| all("channel").len() == 1);
    let kind = kind(get("type"), channel)?;
    let ts = time(get("ts"))?;
    let major = amount(get("amount"), get("currency"), kind)?;
    Ok(match kind {
        EventType::PrivacyDelete => Twin::Erase(customer_id, ts),
        _ => Twin::Event {
            event_id,
            customer_id,
            kind,
            ts,
            major,
        },
    })
}

fn string(raw: Option<&str>) -> Option<String> {
    serde_json::from_str(raw?).ok()
}

fn id(raw: Option<&str>) -> Result<String, Twin> {
    let id = string(raw).ok_or(Twin::Rejected(Reason::InvalidId))?;
    let sound = (1..=256).contains(&id.len()) && !id.chars().any(char::is_control);
    if sound {
        Ok(id)
    } else {
        Err(Twin::Rejected(Reason::InvalidId))
    }
}

fn kind(raw: Option<&str>, channel: Option<&str>) -> Result<EventType, Twin> {
    let name = string(raw).ok_or(Twin::Rejected(Reason::Malformed))?;
    if name.is_empty() || name.len() > 256 {
        return Err(Twin::Rejected(Reason::Malformed));
    }
    let by_name = EventType::ALL.iter().find(|kind| kind.name() == name);
    let kind = by_name.copied().unwrap_or(EventType::Other);
    let is_email = string(channel).is_some_and(|channel| channel.eq_ignore_ascii_case("email"));
    Ok(if kind == EventType::CampaignOpened && is_email {
        EventType::EmailOpen
    } else {
        kind
    })
}

fn time(raw: Option<&str>) -> Result<i64, Twin> {
    let value: Option<Value> = raw.and_then(|raw| serde_json::from_str(raw).ok());
    let ts = value.as_ref().and_then(Value::as_i64).unwrap_or(0);
    let seconds = (631_152_000..4_102_444_800).contains(&ts);
    if ts <= 0 || ts >= 4_102_444_800_000 || seconds {
        return Err(Twin::Rejected(Reason::InvalidTimestamp));
    }
    Ok(ts)
}

fn amount(raw: Option<&str>, currency: Option<&str>, kind: EventType) -> Result<Option<f64>, Twin> {
    let Some(raw) = raw else { return Ok(None) };
    let money = matches!(kind, EventType::Purchase | EventType::Refund)
        || kind.name().starts_with("subscription_");
    let other = currency.is_some_and(|raw| {
        !string(Some(raw))
            .unwrap_or_default()
            .eq_ignore_ascii_case("EUR")
    });
    if money && other {
        return Err(Twin::Rejected(Reason::InvalidCurrency));
    }
    let major: f64 =
        serde_json::from_str(raw).map_err(|_| Twin::Rejected(Reason::InvalidAmount))?;
    let code = string(currency).and_then(|code| Currency::parse(&code));
    let minor = major * 10_f64.powi(code.map_or(2, |code| i32::from(code.exponent())));
    if major < 0.0 || minor.round() > 1e12 {
        return Err(Twin::Rejected(Reason::InvalidAmount));
    }
    Ok(Some(major))
}

fn depth_of(text: &str) -> Result<usize, Twin> {
    fn depth(value: &Value) -> usize {
        match value {
            Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
            Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
            _ => 0,
        }
    }
    // A member that is overwritten by its double is not seen: the caller leaves such texts alone.
    serde_json::from_str(text)
        .map(|value| depth(&value))
        .or_else(|_| {
            let brackets = text.bytes().filter(|b| matches!(b, b'[' | b'{')).count();
            if brackets <= 64 {
                Ok(brackets.min(1))
            } else {
                Err(Twin::Undecided)
            }
        })
}

/// An object's members in order, doubles included.
struct Document<'a>(Vec<(String, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Document<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Document<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Document(members))
            }
        }
        json.deserialize_map(Members)
    }
}
