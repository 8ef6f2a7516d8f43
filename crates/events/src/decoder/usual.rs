//! The usual record, read without a detour: canonical JSON, plain texts, nothing wrong with it.
//!
//! Answers only when all of that holds, and then as the general path would, which stays the one that
//! says what is wrong; a property test compares the two. It exists for speed alone: no optional
//! form, no owned text, no part that has to be dropped.

use std::borrow::Cow;

use super::MAX_VALUE_BYTES;
use super::checks::{END_OF_TIME, MAX_ID_BYTES, SECONDS};
use crate::amount::{self, Minor};
use crate::currency::Currency;
use crate::details::{Read, count_of_goods};
use crate::event::Event;
use crate::json::scan;
use crate::kind::EventType;
use crate::particulars::{Particulars, Said, has_any};
use crate::record::Record;
use crate::settings::{CurrencyRule, Settings};

/// The event of a usual record; none if anything about it needs the general path.
pub(super) fn event<'a>(record: &Record<'a>, settings: &Settings) -> Option<Event<'a>> {
    let value = record
        .value
        .filter(|value| value.len() <= MAX_VALUE_BYTES)?;
    if settings.mapping.is_some() {
        return None;
    }
    let found = scan::members::<{ PLACES }>(value, place)?;
    if !found.is_ascii {
        std::str::from_utf8(value).ok()?;
    }
    let [
        event_id,
        customer_id,
        kind,
        ts,
        amount,
        currency,
        specversion,
        data,
        beside @ ..,
    ] = found.members;
    if specversion.is_some() && data.is_some() {
        return None;
    }
    let event_id = id(event_id?)?;
    let customer_id = id(customer_id?)?;
    let key_fits = match record.key {
        Some(key) => key == customer_id.as_bytes(),
        None => !settings.key_required,
    };
    if !key_fits {
        return None;
    }
    let name = kind?;
    let (kind, type_name) = match EventType::from_bytes(inner(name)?) {
        Some(EventType::CampaignOpened | EventType::PrivacyDelete) => return None,
        Some(kind) => (kind, kind.name()),
        None if settings.strict => return None,
        None => (EventType::Other, id(name)?),
    };
    let ts = time(ts?)?;
    if record
        .timestamp
        .is_some_and(|at| at >= 0 && ts > at.saturating_add(settings.max_future_ms))
    {
        return None;
    }
    let currency = match currency {
        Some(raw) => Some(Currency::from_bytes(inner(raw)?)?),
        None => None,
    };
    let minor = match amount {
        Some(raw) => Some(money(raw, kind, currency, settings.currency)?),
        None => None,
    };
    Some(Event {
        event_id: Cow::Borrowed(event_id),
        customer_id: Cow::Borrowed(customer_id),
        kind,
        type_name: Cow::Borrowed(type_name),
        ts,
        minor: minor.map(|m| m.units),
        currency,
        rounded: minor.is_some_and(|m| m.rounded),
        particulars: particulars(kind, ts, settings.currency.exponent_of(currency), &beside),
    })
}

#[inline(always)]
fn money(
    raw: &[u8],
    kind: EventType,
    currency: Option<Currency>,
    rule: CurrencyRule,
) -> Option<Minor> {
    let is_other = |wanted| currency.is_some_and(|sent| sent != wanted);
    match rule {
        CurrencyRule::Only(wanted) if kind.carries_money() && is_other(wanted) => None,
        rule => amount::parse_bytes(raw, rule.exponent_of(currency)).ok(),
    }
}

/// Members that are looked for: those of [`super::NAMES`], then those of [`Said`].
const PLACES: usize = 16;

#[inline(always)]
fn place(name: &[u8]) -> usize {
    match name {
        b"lines" => 8,
        b"items" => 9,
        b"discount" => 10,
        b"score" => 11,
        b"scale" => 12,
        b"kind" => 13,
        b"promised_at" => 14,
        b"late_days" => 15,
        _ => match super::place(name) {
            place if place < super::NAMES.len() => place,
            _ => PLACES,
        },
    }
}

#[inline]
fn particulars(
    kind: EventType,
    ts: i64,
    exponent: u8,
    beside: &[Option<&[u8]>; PLACES - super::NAMES.len()],
) -> Particulars {
    if !has_any(kind) || beside.iter().all(Option::is_none) {
        return Particulars::default();
    }
    let text = |at: usize| beside[at].and_then(|raw| std::str::from_utf8(raw).ok());
    let said = Said {
        lines: text(0).and_then(Read::from_json),
        items: text(1).and_then(count_of_goods),
        discount: text(2).and_then(Read::from_json),
        score: text(3).and_then(Read::from_json),
        scale: text(4).and_then(Read::from_json),
        kind: text(5).and_then(Read::from_json),
        promised_at: text(6).and_then(Read::from_json),
        late_days: text(7).and_then(Read::from_json),
    };
    Particulars::of(kind, ts, exponent, &said)
}

/// The bytes between the quotes of a raw string; escapes in it stay as they are.
#[inline(always)]
fn inner(raw: &[u8]) -> Option<&[u8]> {
    match raw {
        [b'"', inner @ .., b'"'] => Some(inner),
        _ => None,
    }
}

/// An id of printable ASCII without escapes.
#[inline(always)]
fn id(raw: &[u8]) -> Option<&str> {
    let id = inner(raw)?;
    let is_odd = |byte: &u8| !matches!(byte, 0x20..=0x7e) || *byte == b'\\';
    let any_odd = id.iter().fold(false, |any, byte| any | is_odd(byte));
    if any_odd || id.is_empty() || id.len() > MAX_ID_BYTES {
        return None;
    }
    std::str::from_utf8(id).ok()
}

/// A sound time of at most 13 digits, which is all of them.
#[inline(always)]
fn time(raw: &[u8]) -> Option<i64> {
    if raw.len() > 13 {
        return None;
    }
    let mut ts = 0_i64;
    for byte in raw {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        ts = ts * 10 + i64::from(digit);
    }
    ((1..END_OF_TIME).contains(&ts) && !SECONDS.contains(&ts)).then_some(ts)
}
