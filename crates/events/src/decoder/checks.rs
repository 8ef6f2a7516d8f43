//! The checks between found fields and a sound event, the same for every form of record.

use std::borrow::Cow;
use std::ops::Range;

use super::parts::{Part, Parts};
use crate::amount::{self, AmountError, Minor};
use crate::currency::Currency;
use crate::details::Details;
use crate::event::Event;
use crate::json;
use crate::kind::EventType;
use crate::outcome::{Outcome, RejectReason, Rejection};
use crate::particulars::{self, Particulars, Said};
use crate::record::Record;
use crate::settings::{CurrencyRule, Settings};

/// The longest id and type name, in bytes.
pub(super) const MAX_ID_BYTES: usize = 256;
/// Event times lie before 2100-01-01, in milliseconds UTC.
pub(super) const END_OF_TIME: i64 = 4_102_444_800_000;
/// 1990 to 2100 in seconds: a count of milliseconds in here is read as one of seconds. As
/// milliseconds these are six weeks of early 1970, which no real log holds.
pub(super) const SECONDS: Range<i64> = 631_152_000..END_OF_TIME / 1_000;

/// The event or erasure that the parts make up, or the first thing that is wrong with them.
pub(super) fn event<'a>(
    parts: Parts<'a>,
    record: &Record<'a>,
    settings: &Settings,
) -> Result<Outcome<'a>, Rejection> {
    for (field, part) in [
        ("event_id", &parts.event_id),
        ("customer_id", &parts.customer_id),
        ("type", &parts.kind),
        ("ts", &parts.ts),
    ] {
        if part.is_missing() {
            return Err(Rejection::missing(field));
        }
    }
    let event_id = id("event_id", parts.event_id)?;
    let customer_id = id("customer_id", parts.customer_id)?;
    if record.key.is_some_and(|key| key != customer_id.as_bytes()) {
        let detail = "the record's key is not its customer_id";
        return Err(Rejection::new(RejectReason::KeyMismatch, detail));
    }
    let (kind, type_name) = kind(parts.kind, parts.channel, parts.body)?;
    if kind == EventType::Other && settings.strict {
        let detail = "type is not in the vocabulary, which strict settings ask for";
        return Err(Rejection::new(RejectReason::Malformed, detail));
    }
    let ts = time(parts.ts)?;
    if let Some(recorded) = record.timestamp.filter(|recorded| *recorded >= 0)
        && ts > recorded.saturating_add(settings.max_future_ms)
    {
        let detail = format!(
            "ts is {} ms later than its record, the limit is {}",
            ts - recorded,
            settings.max_future_ms
        );
        return Err(Rejection::new(RejectReason::TimestampFuture, detail));
    }
    let body = parts.body;
    let (minor, currency) = money(kind, parts.amount, parts.currency, settings.currency)?;
    if kind == EventType::PrivacyDelete {
        return Ok(Outcome::Erase {
            customer_id,
            at: Some(ts),
        });
    }
    Ok(Outcome::Event(Event {
        event_id,
        customer_id,
        kind,
        type_name,
        ts,
        minor: minor.map(|m| m.units),
        currency,
        rounded: minor.is_some_and(|m| m.rounded),
        particulars: particulars(kind, (ts, currency), body, settings),
    }))
}

fn particulars(
    kind: EventType,
    (ts, currency): (i64, Option<Currency>),
    body: &str,
    settings: &Settings,
) -> Particulars {
    let details = particulars::has_any(kind).then(|| Details::of(body));
    let Some(mut details) = details.flatten() else {
        return Particulars::default();
    };
    if let Some(mapping) = &settings.mapping {
        mapping.fill(body, &mut details);
    }
    let exponent = settings.currency.exponent_of(currency);
    Particulars::of(kind, ts, exponent, &Said::from(details))
}

/// The erasure that a record without a value asks for: of the customer named by its key, at its own timestamp.
pub(super) fn tombstone<'a>(record: &Record<'a>) -> Result<Outcome<'a>, Rejection> {
    Ok(Outcome::Erase {
        customer_id: key_as_customer(record.key)?,
        // Nobody checks what a producer puts there; what is no time of an event is no time here either.
        at: record.timestamp.filter(|at| (1..END_OF_TIME).contains(at)),
    })
}

fn key_as_customer(key: Option<&[u8]>) -> Result<Cow<'_, str>, Rejection> {
    let Some(key) = key else {
        let detail = "the record has neither key nor value";
        return Err(Rejection::new(RejectReason::MissingKey, detail));
    };
    let Ok(text) = std::str::from_utf8(key) else {
        return Err(Rejection::new(RejectReason::InvalidId, "key is not UTF-8"));
    };
    id("key", Part::Text(Cow::Borrowed(text)))
}

fn id<'a>(field: &str, part: Part<'a>) -> Result<Cow<'a, str>, Rejection> {
    let fault = |what: &str| Rejection::new(RejectReason::InvalidId, format!("{field} {what}"));
    if let Part::Unreadable(what) = part {
        return Err(fault(what));
    }
    if let Part::Json(raw) = part
        && !raw.starts_with('"')
    {
        return Err(fault("is not a string"));
    }
    let Some(id) = part.text() else {
        return Err(fault("holds a lone surrogate"));
    };
    if id.is_empty() {
        return Err(fault("is empty"));
    }
    if id.len() > MAX_ID_BYTES {
        return Err(fault(&format!(
            "has {} bytes, the limit is {MAX_ID_BYTES}",
            id.len()
        )));
    }
    let is_plain = id.bytes().all(|b| matches!(b, 0x20..=0x7e));
    if !is_plain && id.chars().any(char::is_control) {
        return Err(fault("holds a control character"));
    }
    Ok(id)
}

fn kind<'a>(
    part: Part<'a>,
    channel: Part<'a>,
    body: &'a str,
) -> Result<(EventType, Cow<'a, str>), Rejection> {
    let fault = |what: &str| Rejection::new(RejectReason::Malformed, format!("type {what}"));
    let Some(name) = part.text() else {
        return Err(fault("is not a sound string"));
    };
    if name.is_empty() || name.len() > MAX_ID_BYTES {
        return Err(fault(&format!(
            "has {} bytes, of 1 to {MAX_ID_BYTES}",
            name.len()
        )));
    }
    let kind = match EventType::from_name(&name) {
        None => return Ok((EventType::Other, name)),
        Some(EventType::CampaignOpened) if is_email(channel, body) => EventType::EmailOpen,
        Some(kind) => kind,
    };
    Ok((kind, Cow::Borrowed(kind.name())))
}

fn is_email(channel: Part<'_>, body: &str) -> bool {
    let sent = || json::members(body, &["channel"]).ok().and_then(|[raw]| raw);
    let channel = channel.or(sent().map_or(Part::Missing, Part::Json));
    channel
        .text()
        .is_some_and(|c| c.eq_ignore_ascii_case("email"))
}

fn time(part: Part<'_>) -> Result<i64, Rejection> {
    let fault = |what: &str| Rejection::new(RejectReason::InvalidTimestamp, what);
    let ms = match part {
        Part::Millis(ms) => Some(ms),
        Part::Json(text) => whole_number(text),
        Part::Text(text) => whole_number(&text),
        Part::Unreadable(what) => return Err(fault(&format!("ts {what}"))),
        Part::Missing | Part::Units(_) => None,
    };
    let Some(ms) = ms else {
        return Err(fault("ts is not an integer of milliseconds"));
    };
    let hint = match ms {
        ..=0 => "ts is not above 0",
        ms if SECONDS.contains(&ms) => "ts looks like seconds, milliseconds are asked for",
        1..END_OF_TIME => return Ok(ms),
        ms if (SECONDS.start * 1_000_000..END_OF_TIME * 1_000).contains(&ms) => {
            "ts looks like microseconds, milliseconds are asked for"
        }
        ms if ms >= SECONDS.start * 1_000_000_000 => {
            "ts looks like nanoseconds, milliseconds are asked for"
        }
        _ => "ts is not before 2100",
    };
    Err(fault(hint))
}

/// An integer written as digits; one too large for 64 bits saturates, as no bound lies there.
pub(crate) fn whole_number(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value = digits.bytes().fold(0_i64, |value, digit| {
        value
            .saturating_mul(10)
            .saturating_add(i64::from(digit - b'0'))
    });
    Some(if negative { -value } else { value })
}

fn money(
    kind: EventType,
    amount: Part<'_>,
    currency: Part<'_>,
    rule: CurrencyRule,
) -> Result<(Option<Minor>, Option<Currency>), Rejection> {
    let was_sent = !currency.is_missing();
    let currency = currency.text().and_then(|text| Currency::parse(&text));
    if amount.is_missing() {
        return Ok((None, currency));
    }
    let fault = |what: &str| Err(Rejection::new(RejectReason::InvalidCurrency, what));
    if kind.carries_money() && was_sent && rule != CurrencyRule::Ignore {
        match (currency, rule) {
            (None, _) => return fault("currency is not three letters"),
            (Some(sent), CurrencyRule::Only(wanted)) if sent != wanted => {
                return fault(&format!("currency is {sent}, {wanted} is asked for"));
            }
            _ => {}
        }
    }
    let exponent = rule.exponent_of(currency);
    let minor = match &amount {
        Part::Json(text) => amount::parse(text, exponent),
        Part::Text(text) => amount::parse(text, exponent),
        Part::Units(text) => amount::parse(text, 0),
        _ => Err(AmountError::NotANumber),
    };
    match minor {
        Ok(minor) => Ok((Some(minor), currency)),
        Err(error) => Err(Rejection::new(
            RejectReason::InvalidAmount,
            format!("amount {error}"),
        )),
    }
}

/// Whether broken JSON would be sound if its amounts were numbers: some writers put NaN or
/// Infinity, and "invalid amount" then says more than "malformed". Never on the usual path.
pub(super) fn amount_is_no_json_number(text: &str) -> bool {
    const FIELD: &str = "\"amount\"";
    let mut mended = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(FIELD) {
        let (before, behind) = rest.split_at(at + FIELD.len());
        mended.push_str(before);
        let value = behind.trim_start().strip_prefix(':').map(str::trim_start);
        rest = match value.and_then(strip_no_number) {
            Some(after) => {
                mended.push_str(":0");
                after
            }
            None => behind,
        };
    }
    mended.push_str(rest);
    mended.len() != text.len() && json::members::<0>(&mended, &[]).is_ok()
}

fn strip_no_number(text: &str) -> Option<&str> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let words = ["NaN", "nan", "Infinity", "infinity", "inf", "Inf"];
    words.iter().find_map(|word| unsigned.strip_prefix(word))
}
