//! What can go wrong in this crate: only names that the registry doesn't know.

/// A request for something that the registry doesn't hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No feature has this name; `nearest` is the closest one that exists.
    #[error("unknown feature {name:?}, did you mean {nearest:?}")]
    UnknownFeature {
        /// The name that was asked for.
        name: String,
        /// The registered name with the smallest edit distance.
        nearest: &'static str,
    },
}
