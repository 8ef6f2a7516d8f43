//! The kinds of optional fields, each read from raw JSON or from text.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::Instant;
use crate::amount;
use crate::decoder::whole_number;
use crate::json;

/// A kind of field; none where the value does not fit.
pub(crate) trait Read<'a>: Sized {
    fn from_json(raw: &'a str) -> Option<Self> {
        match raw.as_bytes().first()? {
            b'"' | b'{' | b'[' | b'n' => None,
            _ => Self::from_text(Cow::Borrowed(raw)),
        }
    }

    fn from_text(text: Cow<'a, str>) -> Option<Self>;
}

/// Text; a number is taken as it is written.
impl<'a> Read<'a> for Cow<'a, str> {
    fn from_json(raw: &'a str) -> Option<Self> {
        match raw.as_bytes().first()? {
            b'"' => json::text(raw),
            b'-' | b'0'..=b'9' => Some(Cow::Borrowed(raw)),
            _ => None,
        }
    }

    fn from_text(text: Self) -> Option<Self> {
        Some(text)
    }
}

impl Read<'_> for bool {
    fn from_text(text: Cow<'_, str>) -> Option<Self> {
        text.parse().ok()
    }
}

/// A whole number, written without fraction and exponent.
impl Read<'_> for i64 {
    fn from_text(text: Cow<'_, str>) -> Option<Self> {
        whole_number(&text)
    }
}

impl Read<'_> for f64 {
    fn from_text(text: Cow<'_, str>) -> Option<Self> {
        serde_json::from_str(&text).ok()
    }
}

impl<'a> Read<'a> for Instant {
    fn from_json(raw: &'a str) -> Option<Self> {
        match raw.strip_prefix('"') {
            Some(_) => Self::from_text(json::text(raw)?),
            None => whole_number(raw).map(Self),
        }
    }

    fn from_text(text: Cow<'_, str>) -> Option<Self> {
        let written = || {
            text.parse::<Timestamp>()
                .ok()
                .map(Timestamp::as_millisecond)
        };
        whole_number(&text).or_else(written).map(Self)
    }
}

impl<'a> Read<'a> for Date {
    fn from_json(raw: &'a str) -> Option<Self> {
        Self::from_text(json::text(raw)?)
    }

    fn from_text(text: Cow<'_, str>) -> Option<Self> {
        text.parse().ok()
    }
}

/// A list of texts, or a single one.
impl<'a> Read<'a> for Vec<Cow<'a, str>> {
    fn from_json(raw: &'a str) -> Option<Self> {
        if !raw.starts_with('[') {
            return Read::from_json(raw).map(|text| vec![text]);
        }
        let list: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
        Some(
            list.into_iter()
                .filter_map(|raw| Read::from_json(raw.get()))
                .collect(),
        )
    }

    fn from_text(text: Cow<'a, str>) -> Option<Self> {
        Some(vec![text])
    }
}

/// A decimal number as it was written, without loss.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal<'a>(Cow<'a, str>);

impl Decimal<'_> {
    /// Minor units at so many decimals; none if negative or above the limit of amounts.
    #[must_use]
    pub fn minor(&self, exponent: u8) -> Option<i64> {
        amount::parse(&self.0, exponent)
            .ok()
            .map(|minor| minor.units)
    }

    /// The nearest float, for display.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// The text of the number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'a> Read<'a> for Decimal<'a> {
    fn from_text(text: Cow<'a, str>) -> Option<Self> {
        f64::from_text(Cow::Borrowed(&text))
            .is_some()
            .then_some(Self(text))
    }
}

/// One position of an order or cart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item<'a> {
    /// The product.
    pub product_id: Option<Cow<'a, str>>,
    /// Its category.
    pub category: Option<Cow<'a, str>>,
    /// How many.
    pub quantity: Option<f64>,
    /// Price of one, in major units of the event's currency.
    pub price: Option<Decimal<'a>>,
}

/// The goods of an order or cart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Goods<'a> {
    /// How many entries the list has.
    pub count: u64,
    /// The entries that are objects.
    pub list: Vec<Item<'a>>,
}

/// The count of [`Goods`] alone.
pub(crate) fn count_of_goods(raw: &str) -> Option<u64> {
    // Nothing is allocated for what has no size.
    let list: Vec<IgnoredAny> = serde_json::from_str(raw).ok()?;
    Some(list.len() as u64)
}

impl<'a> Read<'a> for Goods<'a> {
    fn from_json(raw: &'a str) -> Option<Self> {
        let count = count_of_goods(raw)?;
        let list: Vec<&RawValue> = serde_json::from_str(raw).unwrap_or_default();
        let items = list.into_iter().filter_map(|raw| Item::read(raw.get()));
        Some(Self {
            count,
            list: items.collect(),
        })
    }

    fn from_text(_: Cow<'a, str>) -> Option<Self> {
        None
    }
}

impl<'a> Item<'a> {
    fn read(raw: &'a str) -> Option<Self> {
        const NAMES: [&str; 4] = ["product_id", "category", "quantity", "price"];
        let [product_id, category, quantity, price] = json::members(raw, &NAMES).ok()?;
        Some(Self {
            product_id: product_id.and_then(Read::from_json),
            category: category.and_then(Read::from_json),
            quantity: quantity.and_then(Read::from_json),
            price: price.and_then(Read::from_json),
        })
    }
}
