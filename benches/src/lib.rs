//! What the benches share.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`workload`] | seeded events, as lines and decoded |
//! | [`scene`] | a filled store and a model of 24 columns |

pub mod scene;
pub mod workload;

pub use scene::{filled, model, settings};
pub use workload::{START_MS, Step, customer_id, line, stream, visits};
