//! A decoded event: the fields every consumer of it needs.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

use crate::currency::Currency;
use crate::kind::EventType;
use crate::particulars::Particulars;

/// One event of one customer, borrowed from its record wherever the text allows it.
///
/// Of the optional fields of single types (campaign, survey, support and so on) only what features need is here;
/// for all of them see [`crate::details()`].
#[derive(Clone, Debug, PartialEq)]
pub struct Event<'a> {
    /// Identity of the event: 1 to 256 bytes; for CloudEvents `source` + "/" + `id`.
    pub event_id: Cow<'a, str>,
    /// Whose event it is: 1 to 256 bytes.
    pub customer_id: Cow<'a, str>,
    /// The type as the vocabulary has it.
    pub kind: EventType,
    /// The vocabulary's name of the type; for [`EventType::Other`] the name as sent.
    pub type_name: Cow<'a, str>,
    /// Event time in milliseconds UTC, above 0 and before 2100.
    pub ts: i64,
    /// Amount in minor units of its currency, 0 to 10^12; none if no amount was sent.
    pub minor: Option<i64>,
    /// Currency as sent, in upper case; none if missing or (on types without money) unreadable.
    pub currency: Option<Currency>,
    /// Whether decimals beyond the currency's own were rounded off (half away from zero).
    pub rounded: bool,
    /// What its type says beside.
    pub particulars: Particulars,
}

impl Event<'_> {
    /// 64-bit XXH3 of the event id, by which duplicates are known.
    #[must_use]
    pub fn id_hash(&self) -> u64 {
        xxh3_64(self.event_id.as_bytes())
    }

    /// The same event, owning its text.
    #[must_use]
    pub fn into_owned(self) -> Event<'static> {
        Event {
            event_id: Cow::Owned(self.event_id.into_owned()),
            customer_id: Cow::Owned(self.customer_id.into_owned()),
            type_name: Cow::Owned(self.type_name.into_owned()),
            kind: self.kind,
            ts: self.ts,
            minor: self.minor,
            currency: self.currency,
            rounded: self.rounded,
            particulars: self.particulars,
        }
    }
}
