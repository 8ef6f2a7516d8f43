//! Per-customer state in words, windows over it, and the feature registry.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`store`] | one partition's customers: interning, applying events, timers, erasure |
//! | [`registry`] | every feature: name, unit, formula, source, transform, sentence for people |
//! | [`plan`] | which features are wanted, so that only their windows are computed |
//! | [`activity`] | which event types are something the customer did |

pub mod activity;
pub mod error;
pub mod plan;
pub mod registry;
pub mod store;

pub use error::Error;
pub use plan::Plan;
pub use registry::{Feature, FeatureId, Transform, feature, nearest, registry, registry_hash};
pub use store::{Applied, CartAbandon, Input, Ix, Memory, Settings, Store, Timer};

/// Milliseconds of a UTC day.
pub const DAY_MS: i64 = 86_400_000;
/// An event more than this older than its customer's newest one is late and changes nothing.
pub const LATENESS_MS: i64 = 7 * DAY_MS;
