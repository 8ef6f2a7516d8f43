//! Per-customer state in words, windows over it, and the feature registry.
//!
//! A [`Store`] holds the customers of one partition, about 130 bytes each. Events go in in any order
//! (within seven days); features come out at any instant, computed from the state by one pass over
//! the customer's day words. No I/O, no clock: the time always comes with the call.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`store`] | one partition's customers: interning, applying events, timers, erasure, features |
//! | [`registry`](mod@registry) | every feature: name, unit, formula, source, transform, sentence for people |
//! | [`plan`] | which features are wanted, so that only their windows are computed |
//! | [`agenda`] | when to look at whom: marks, hours, instants |
//! | [`pages`] | lists whose copy costs next to nothing |
//! | [`activity`] | which event types are something the customer did |
//! | [`image`] | the state as of one instant, in pieces, while events go on |
//! | [`constants`] | what formulas over a whole life take from the training population |
//! | `head`, `words`, `cart`, `recent` | the state: one cache line, the days, the open cart, ids for duplicates |
//! | `stats`, `days` | the state where a model needs it: statistics over the whole life, taken in day by day |
//! | `values` | the formulas, each written once for the value and for its bounds |
//! | `interner`, `slab`, `column` | where the bytes are |
//!
//! ```
//! use holdfast_events::EventType;
//! use holdfast_features::{CartAbandon, Input, Plan, Settings, Store};
//!
//! let settings =
//!     Settings { dedupe: true, cart_abandon: CartAbandon::Given, minor_exponent: 2, stats: None };
//! let mut store = Store::new(settings);
//! let ada = store.intern("ada");
//! let ts = 1_767_225_600_000;
//! store.apply(ada, &Input { kind: EventType::Purchase, ts, minor: Some(1990), id_hash: 1, particulars: Default::default() });
//!
//! let plan = Plan::from_names(&["days_since_last_purchase", "spend_30d"])?;
//! let mut values = [0.0; 2];
//! store.features(ada, ts + 36 * 3_600_000, &plan, &mut values);
//! assert_eq!(values, [1.5, 19.9]);
//! # Ok::<(), holdfast_features::Error>(())
//! ```
#![warn(missing_docs)]

pub mod activity;
pub mod agenda;
pub mod constants;
pub mod error;
pub mod image;
pub mod pages;
pub mod plan;
pub mod registry;
pub mod store;

mod cart;
mod column;
mod days;
mod head;
mod interner;
mod recent;
mod slab;
mod stats;
mod values;
mod words;

pub use constants::Constants;
pub use error::Error;
pub use image::{ImageFault, LOGIC, Piece};
pub use plan::Plan;
pub use registry::{
    Feature, FeatureId, Theme, Transform, feature, nearest, registry, registry_hash,
};
pub use stats::Occasion;
pub use store::{Applied, Bought, CartAbandon, Input, Ix, Memory, Rhythm, Settings, Store, Timer};

/// Milliseconds of a UTC day.
pub const DAY_MS: i64 = 86_400_000;
/// An event more than this older than its customer's newest one is late and changes nothing.
pub const LATENESS_MS: i64 = 7 * DAY_MS;
/// Event times lie strictly between 0 and this instant, the start of the year 2100.
pub const END_OF_TIME_MS: i64 = 4_102_444_800_000;

/// The UTC day of an instant, counted from 1970 and held between 0 and 65,534.
pub(crate) fn day_of_ms(ms: i64) -> u16 {
    (ms.max(0) / DAY_MS).min(i64::from(u16::MAX) - 1) as u16
}
