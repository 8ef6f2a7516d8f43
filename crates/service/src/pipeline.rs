//! One partition's way from records to alerts, without any input or output of its own.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`settings`] | configuration and model brought together, and refused where they contradict each other |
//! | [`partition`] | the fold: decode, fire what is due, apply, decide, move the clock |
//! | [`counts`] | what became of the records; consumed = applied + dropped + rejected |
//! | [`erased`] | who was erased lately, so that no late event brings a customer back |
//! | [`letters`] | dead letters |
//! | [`watch`] | what was predicted is held against what became of it |
//! | [`ticks`] | when wall time may stand in for events on an idle partition |
//!
//! `run`, `replay`, `demo` and the tests all stand on [`Partition`]: an alert does not depend on who drives it, on how
//! records are cut into batches, or on how fast they come.

pub mod counts;
pub mod erased;
pub mod letters;
pub mod partition;
pub mod settings;
pub mod ticks;
pub mod watch;

pub use counts::Counts;
pub use erased::{Erased, ErasedFault};
pub use partition::{BOOK, DECISIONS, ERASED, Image, Partition, STATE, TRACKER, WATCH};
pub use settings::{Contradiction, Settings};
pub(crate) use settings::{cuts_of, playbook};
pub use watch::{Panel, Watch};
