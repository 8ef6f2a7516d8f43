//! What counts as having left, and for whom it is predicted.

use std::fmt;

use holdfast_events::EventType;
use holdfast_features::{DAY_MS, Ix, Store, activity};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Which silence, or which event, means that a customer has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelKind {
    /// No purchase within the horizon.
    Purchase,
    /// Nothing that the customer did within the horizon.
    Any,
    /// The named event within the horizon.
    Event(String),
}

/// The question a model answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// What means that a customer has left.
    pub kind: LabelKind,
    /// Days after the instant of the score in which that is watched.
    pub horizon_days: u32,
    /// Days before the instant in which a customer must have been active; 0 is ever.
    pub active_days: u32,
}

impl Label {
    /// The definition in one word: kind, horizon and how long ago a customer may have been active last, such as
    /// `purchase:30d:365d`.
    ///
    /// ```
    /// use holdfast_model::{Label, LabelKind};
    /// let label = Label { kind: LabelKind::Any, horizon_days: 14, active_days: 0 };
    /// assert_eq!(label.id(), "any:14d:0d");
    /// ```
    #[must_use]
    pub fn id(&self) -> String {
        let (kind, horizon, active) = (self.kind.name(), self.horizon_days, self.active_days);
        format!("{kind}:{horizon}d:{active}d")
    }
}

impl LabelKind {
    /// The kind of this name: `purchase`, `any`, or the type of an event.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        match name {
            "purchase" => Self::Purchase,
            "any" => Self::Any,
            other => Self::Event(other.to_owned()),
        }
    }

    /// The name in model files and on the command line.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Purchase => "purchase",
            Self::Any => "any",
            Self::Event(name) => name,
        }
    }

    /// Whether an event is of the kind that decides the label: activity for silence labels, the
    /// named event itself otherwise. `type_name` is [`holdfast_events::Event::type_name`].
    #[must_use]
    pub fn matches(&self, kind: EventType, type_name: &str) -> bool {
        match self {
            Self::Purchase => kind == EventType::Purchase,
            Self::Any => activity::is_activity(kind),
            Self::Event(name) => name == type_name,
        }
    }

    /// Whether the customer has left if a matching event came within the horizon: true for named
    /// events, false where the event is the activity whose absence is predicted.
    #[must_use]
    pub fn event_means_left(&self) -> bool {
        matches!(self, Self::Event(_))
    }
}

impl fmt::Display for LabelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for LabelKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for LabelKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|name| Self::parse(&name))
    }
}

impl Label {
    /// The horizon in milliseconds.
    #[must_use]
    pub fn horizon_ms(&self) -> i64 {
        i64::from(self.horizon_days) * DAY_MS
    }

    /// Whether the customer belongs to the population at `at` (ms UTC), as far as the state knows:
    /// a purchase in (at - A, at], for named-event labels any event; A = 0 is ever.
    ///
    /// For named-event labels those who already had the event don't belong either; the state does not
    /// hold that, so the caller has to leave them out.
    #[must_use]
    pub fn covers(&self, store: &Store, ix: Ix, at: i64) -> bool {
        self.member_until(store, ix).is_some_and(|end| at < end)
    }

    /// The first instant (ms UTC) at which the customer no longer belongs to the population if nothing
    /// happens; none for one who doesn't belong at all, `i64::MAX` if that never ends.
    #[must_use]
    pub fn member_until(&self, store: &Store, ix: Ix) -> Option<i64> {
        let last = match self.kind {
            LabelKind::Purchase | LabelKind::Any => store.last_purchase(ix),
            LabelKind::Event(_) => store.newest(ix),
        }?;
        Some(match self.active_days {
            0 => i64::MAX,
            days => last + i64::from(days) * DAY_MS,
        })
    }
}
