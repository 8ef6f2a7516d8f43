//! What decoding gives, and the closed sets of reasons for dropping and rejecting.

use std::borrow::Cow;
use std::fmt;

use crate::event::Event;

/// What a record became. Rejected records go to the dead-letter topic with their reason.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<'a> {
    /// A sound event.
    Event(Event<'a>),
    /// Forget this customer: a tombstone (null value under a key) or a `privacy_delete` event.
    Erase {
        /// The customer to forget; one never seen is no fault.
        customer_id: Cow<'a, str>,
        /// When it was asked for, ms UTC: the `ts` of the event, or the record's timestamp of a tombstone.
        /// None for a tombstone whose record has no timestamp, as in a file.
        at: Option<i64>,
    },
    /// Not an event that may be counted.
    Rejected(Rejection),
}

/// Why a record was rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The reason, from a closed set.
    pub reason: RejectReason,
    /// Names the field and the limit, with a hint where one is known. Holds no customer data.
    pub detail: String,
}

impl Rejection {
    pub(crate) fn new(reason: RejectReason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
        }
    }

    pub(crate) fn missing(field: &str) -> Self {
        Self::new(RejectReason::MissingField, format!("{field} is missing"))
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.name(), self.detail)
    }
}

macro_rules! reasons {
    ($(#[$doc:meta])* $set:ident { $($(#[$case_doc:meta])* $case:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $set { $($(#[$case_doc])* $case,)* }

        impl $set {
            /// Every reason, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$case,)*];

            /// The name in dead letters, summaries and metric labels.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$case => $name,)* }
            }

            /// The reason of this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$case),)* _ => None }
            }

            /// Its place in [`Self::ALL`], for counters held in an array.
            #[must_use]
            pub fn index(self) -> usize {
                self as usize
            }
        }

        impl fmt::Display for $set {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

reasons! {
    /// Why a record goes to the dead-letter topic.
    RejectReason {
        /// Not one JSON object in UTF-8, a known field twice, or a type that is no name.
        Malformed = "malformed",
        /// `event_id`, `customer_id`, `type` or `ts` is absent or null.
        MissingField = "missing_field",
        /// An id that is no string of 1 to 256 bytes free of control characters.
        InvalidId = "invalid_id",
        /// An amount that is no number, is negative, or is above 10^12 minor units.
        InvalidAmount = "invalid_amount",
        /// A currency that is not three letters, or not the deployment's.
        InvalidCurrency = "invalid_currency",
        /// A time that is not an integer of milliseconds between 1970 and 2100.
        InvalidTimestamp = "invalid_timestamp",
        /// A time later than the record's own broker timestamp allows.
        TimestampFuture = "timestamp_future",
        /// More than 64 levels of nesting.
        TooDeep = "too_deep",
        /// A value above 1 MiB.
        TooLarge = "too_large",
        /// The record's key is not the event's customer.
        KeyMismatch = "key_mismatch",
        /// No key where one is required (Kafka).
        MissingKey = "missing_key",
        /// The operator named its place: nothing was done with it.
        Skipped = "skipped",
    }
}

reasons! {
    /// Why a sound event is counted but not applied. Decided behind the decoder.
    DropReason {
        /// Older than the customer's own newest event by more than the lateness bound.
        Late = "late",
        /// The same event id again, for types that are deduplicated.
        Duplicate = "duplicate",
        /// A cart abandon sent by the source while abandons are derived by timer.
        CartAbandonGiven = "cart_abandon_given",
        /// Money of another currency than the one that was asked for (training and scoring).
        OtherCurrency = "other_currency",
        /// Of a customer who was erased, and not dated after the time for which the erasure blocks.
        Erased = "erased",
        /// Of a customer not seen before, while the partition holds as many as it may.
        MaxCustomers = "max_customers",
    }
}
