//! The messages that follow an order.

use serde::{Deserialize, Serialize};

/// The messages that follow an order, as a set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steps(pub(super) u8);

impl Steps {
    /// Every step by name, in the usual order.
    pub const NAMES: [&str; 5] = [
        "confirmation",
        "thanks",
        "guide",
        "feedback",
        "rating_request",
    ];

    /// The set of the step that an event's field `kind` names, in either case and by its usual other names.
    #[must_use]
    pub fn from_text(kind: &str) -> Self {
        const OTHERS: [(&str, &str); 6] = [
            ("order_confirmation", "confirmation"),
            ("thank_you", "thanks"),
            ("how_to", "guide"),
            ("feedback_request", "feedback"),
            ("rating", "rating_request"),
            ("review_request", "rating_request"),
        ];
        let kind = kind.to_ascii_lowercase().replace(['-', ' '], "_");
        let other = OTHERS.iter().find(|(other, _)| *other == kind);
        let name = other.map_or(&*kind, |(_, name)| name);
        let at = Self::NAMES.iter().position(|known| *known == name);
        Self(at.map_or(0, |at| 1 << at))
    }

    /// Names of those that came.
    pub fn seen(self) -> impl Iterator<Item = &'static str> {
        (0..)
            .zip(Self::NAMES)
            .filter(move |(at, _)| self.0 >> at & 1 == 1)
            .map(|(_, name)| name)
    }

    /// Names of those that did not.
    pub fn missing(self) -> impl Iterator<Item = &'static str> {
        Self(!self.0).seen()
    }

    /// Whether none came.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}
