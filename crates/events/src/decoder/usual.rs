//! The usual record, read without a detour: canonical JSON, plain texts, nothing wrong with it.
//!
//! Answers only when all of that holds, and then as the general path would, which stays the one that
//! says what is wrong; a property test compares the two. It exists for speed alone: no optional
//! form, no owned text, no part that has to be dropped.

use std::borrow::Cow;

use super::checks::{END_OF_TIME, MAX_ID_BYTES, SECONDS};
use super::{MAX_VALUE_BYTES, NAMES, place};
use crate::amount;
use crate::currency::Currency;
use crate::event::Event;
use crate::json::scan;
use crate::kind::EventType;
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
    let found = scan::members::<{ NAMES.len() }>(value, place)?;
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
    ] = found.members;
    if specversion.is_some() && data.is_some() {
        return None;
    }
    let event_id = id(event_id?)?;
    let customer_id = id(customer_id?)?;
    match record.key {
        Some(key) => (key == customer_id.as_bytes()).then_some(())?,
        None => (!settings.key_required).then_some(())?,
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
        Some(raw) => {
            let is_other = |wanted| currency.is_some_and(|sent| sent != wanted);
            match settings.currency {
                CurrencyRule::Only(wanted) if kind.carries_money() && is_other(wanted) => {
                    return None;
                }
                rule => Some(amount::parse_bytes(raw, rule.exponent_of(currency)).ok()?),
            }
        }
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
    })
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
