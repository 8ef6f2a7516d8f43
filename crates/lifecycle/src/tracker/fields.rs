//! Which optional fields of an event have to be read.

use holdfast_events::EventType;
use memchr::memmem::Finder;

use super::KINDS;
use crate::part::Want;

/// What the parts want of one type of events.
#[derive(Debug, Clone)]
pub enum Fields {
    /// No optional field.
    None,
    /// These.
    Some(Box<[Finder<'static>]>),
    /// Any.
    All,
}

/// The same by type of event.
#[derive(Debug, Clone)]
pub struct FieldsByType([Fields; KINDS]);

impl FieldsByType {
    /// Of somebody who wants so much of each type.
    #[must_use]
    pub fn new(wants: impl Fn(EventType) -> Want) -> Self {
        Self(std::array::from_fn(|kind| {
            Fields::of(&[wants(EventType::ALL[kind])])
        }))
    }

    /// What has to be read of this type.
    #[inline]
    #[must_use]
    pub fn of(&self, kind: EventType) -> &Fields {
        &self.0[kind as usize]
    }
}

impl Fields {
    /// What has to be read where all of that is wanted.
    pub(super) fn of(wants: &[Want]) -> Self {
        let mut names: Vec<&'static str> = Vec::new();
        for want in wants {
            match want {
                Want::Nothing | Want::Event => {}
                Want::Fields(some) => names.extend(*some),
                Want::Details => return Self::All,
            }
        }
        names.sort_unstable();
        names.dedup();
        match names.is_empty() {
            true => Self::None,
            false => Self::Some(names.iter().map(|name| Finder::new(*name)).collect()),
        }
    }

    /// Whether a canonical record may say what is wanted. Most do not, and searching is cheaper than parsing.
    #[inline]
    #[must_use]
    pub fn may_be_in(&self, value: &[u8]) -> bool {
        match self {
            Self::None => false,
            // A name may be written with escapes.
            Self::Some(names) => {
                names.iter().any(|name| name.find(value).is_some())
                    || memchr::memchr(b'\\', value).is_some()
            }
            Self::All => true,
        }
    }

    /// Whether anything is wanted.
    #[must_use]
    pub fn is_any(&self) -> bool {
        !matches!(self, Self::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_where_one_of_the_wanted_names_may_be_in_it() {
        let fields = Fields::of(&[
            Want::Event,
            Want::Fields(&["cart_id", "items"]),
            Want::Fields(&["items"]),
        ]);
        assert!(fields.is_any());
        assert!(fields.may_be_in(br#"{"cart_id":"7"}"#));
        assert!(fields.may_be_in(br#"{"items":[]}"#));
        assert!(fields.may_be_in(br#"{"\u0063art_id":"7"}"#));
        assert!(!fields.may_be_in(br#"{"ts":1}"#));
        assert!(Fields::of(&[Want::Details, Want::Fields(&["x"])]).may_be_in(b"{}"));
        assert!(!Fields::of(&[Want::Event, Want::Nothing]).is_any());
    }
}
