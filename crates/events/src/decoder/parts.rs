//! The fields of an event before they are checked, wherever they came from.

use std::borrow::Cow;

use crate::json;

/// One field as found.
#[derive(Clone, Debug, Default)]
pub(crate) enum Part<'a> {
    /// Absent or null.
    #[default]
    Missing,
    /// A raw JSON value under its canonical name.
    Json(&'a str),
    /// Text from a header, an envelope or a mapping; a number's text where a number is wanted.
    Text(Cow<'a, str>),
    /// A time that was read already, in milliseconds UTC.
    Millis(i64),
    /// An amount that is a count of minor units, as the text of its number.
    Units(Cow<'a, str>),
    /// Present in a form that cannot be read, with what is wrong.
    Unreadable(&'static str),
}

impl<'a> Part<'a> {
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    /// This part, or the other one where this is missing.
    pub(crate) fn or(self, other: Self) -> Self {
        if self.is_missing() { other } else { self }
    }

    /// The text of a string; none for anything else, a lone surrogate included.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Json(raw) => json::text(raw),
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The fields of one event, unchecked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts<'a> {
    pub(crate) event_id: Part<'a>,
    pub(crate) customer_id: Part<'a>,
    pub(crate) kind: Part<'a>,
    pub(crate) ts: Part<'a>,
    pub(crate) amount: Part<'a>,
    pub(crate) currency: Part<'a>,
    /// Set by a mapping only; else it is looked up in the body when the type asks for it.
    pub(crate) channel: Part<'a>,
    /// The object that holds the fields.
    pub(crate) body: &'a str,
}
