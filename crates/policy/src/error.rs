//! What can be wrong with a policy.

/// A policy that cannot be used; the text names the setting and its value.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A threshold is not strictly between 0 and 1.
    #[error("{name} is {value}, not a probability between 0 and 1")]
    NotAProbability {
        /// Name of the setting.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// An episode would recover above the probability at which it opens.
    #[error("close is {close}, above open, {open}")]
    CloseAboveOpen {
        /// Probability at which an episode opens.
        open: f64,
        /// Probability at which it recovers.
        close: f64,
    },
    /// Bands must ascend from above the opening threshold.
    #[error("band {band} is not above {below}")]
    BandOutOfOrder {
        /// The band at fault.
        band: f64,
        /// The threshold before it.
        below: f64,
    },
    /// A duration is negative.
    #[error("{name} is {value} ms, less than nothing")]
    NegativeDuration {
        /// Name of the setting.
        name: &'static str,
        /// Its value in ms.
        value: i64,
    },
    /// Plain alerts by silence come again and again, so a cool-down has to hold them back.
    #[error(
        "cooldown is {0} ms: plain mode with silence needs at least an hour, or alerts never end"
    )]
    NoCooldown(
        /// The cool-down in ms.
        i64,
    ),
    /// A hard-churn entry is no event type.
    #[error("hard_churn names `{0}`, which is no event type")]
    UnknownEventType(String),
    /// An image of decisions cannot be gone on from.
    #[error("the decisions' image is damaged: {0}")]
    Image(
        /// What is wrong with it.
        &'static str,
    ),
    /// The model cannot be scored.
    #[error("the model cannot be scored")]
    Model(#[from] holdfast_model::Error),
    /// The alert format needs a feature that does not exist.
    #[error("feature `{0}` does not exist")]
    UnknownFeature(String),
}
