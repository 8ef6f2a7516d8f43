//! Images of a decider: taking one, coming back from it, and a digest.

use super::*;
use crate::image::{DeciderImage, decode, digest};

impl Decider {
    /// What is remembered as of now: marks and records, shared until one side writes to them, so nothing waits for a
    /// copy. Take it where the store's image begins; encoding can happen elsewhere.
    #[must_use]
    pub fn image(&self) -> DeciderImage {
        DeciderImage {
            floor: self.floor,
            marks: self.agenda.marks(),
            records: self.records.clone(),
        }
    }

    /// The decider whose image these bytes are. `store` holds the customers as of the same instant, by the same
    /// indices. Counts begin at nought.
    ///
    /// # Errors
    /// [`Error::Image`] if the bytes are no image, or one of other customers; those of [`Self::new`].
    pub fn restore(
        settings: Arc<Settings>,
        model: &Model,
        bytes: &[u8],
        store: &Store,
    ) -> Result<Self, Error> {
        let (floor, agenda, records) = decode(bytes, store).map_err(Error::Image)?;
        Ok(Self {
            floor,
            agenda,
            records,
            ..Self::new(settings, model)?
        })
    }

    /// A hash of all decision records by customer id. Marks don't count: they are proofs, not state.
    #[must_use]
    pub fn digest(&self, store: &Store) -> u64 {
        digest(&self.records, store)
    }
}
