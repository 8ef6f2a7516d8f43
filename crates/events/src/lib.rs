//! Event vocabulary and decoding: bytes in; an event, an erasure or a rejection with its reason out.
//!
//! Knows JSON and no Kafka. No I/O, no clock, no randomness: what a record becomes depends on its
//! bytes, its broker timestamp and the [`Settings`] alone, so a replay decides the same.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`record`] | one input record, borrowed from whoever read it |
//! | [`kind`] | the vocabulary: every event type that has a meaning of its own |
//! | [`currency`], [`amount`] | money as integer minor units |
//! | [`event`], [`outcome`] | what decoding gives: the closed sets of reasons live here |
//! | [`settings`], [`mapping`] | the `[events]` table of the configuration, raw and checked |
//! | [`decoder`] | canonical JSON, CloudEvents and mapped foreign JSON to one [`Event`] |
//! | [`particulars`] | what single types say beside, as far as features need it |
//! | [`mod@details`] | all optional typed fields, read on demand |
//!
//! ```
//! use holdfast_events::{CurrencyRule, Decoder, EventType, Outcome, Record, Settings};
//!
//! let decoder = Decoder::new(Settings::new(CurrencyRule::Any));
//! let value = br#"{"event_id":"e1","customer_id":"c1","type":"purchase",
//!                  "ts":1767225600123,"amount":19.9,"currency":"EUR"}"#;
//! let Outcome::Event(event) = decoder.decode(&Record::line(0, value)) else { panic!() };
//! assert_eq!(event.kind, EventType::Purchase);
//! assert_eq!(event.minor, Some(1990));
//! ```
#![warn(missing_docs)]

pub mod amount;
pub mod currency;
pub mod decoder;
pub mod details;
pub mod event;
pub mod kind;
pub mod mapping;
pub mod outcome;
pub mod particulars;
pub mod record;
pub mod settings;

mod json;
mod span;

pub use currency::Currency;
pub use decoder::Decoder;
pub use details::{Decimal, Details, Goods, Item, details};
pub use event::Event;
pub use kind::EventType;
pub use mapping::Mapping;
pub use outcome::{DropReason, Outcome, RejectReason, Rejection};
pub use particulars::Particulars;
pub use record::{Header, Headers, Record, Unpack};
pub use settings::{Config, CurrencyRule, Fault, Settings};
pub use span::duration_ms;
