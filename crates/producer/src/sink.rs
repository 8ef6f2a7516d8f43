//! The place outputs go to.

use crate::{Outputs, Position, SinkError};

/// Takes outputs and input positions together.
pub trait Sink: Send {
    /// Makes all of `outputs` visible and `positions` the place to go on from, or nothing of both.
    ///
    /// # Errors
    /// When nothing was made visible and trying again here has no use: the process has to stop, and a restart
    /// goes on from the last commit.
    fn commit(&mut self, outputs: &Outputs, positions: &[Position]) -> Result<(), SinkError>;
}
