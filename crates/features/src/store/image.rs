//! Images of a store: beginning, going on, coming back; and a digest of its state.

use super::{Ix, Settings, Store};
use crate::head::{Head, Row};
use crate::image::{
    Columns, Customer, Frame, ImageFault, Piece, PieceReader, Progress, encode, write_piece,
};
use crate::stats::Stats;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

impl Store {
    /// Begins an image of the state as of now; one under way is forgotten.
    pub fn begin_image(&mut self) {
        self.image = Some(Box::new(Progress::new(self.names.end())));
    }

    /// Whether an image is under way.
    #[must_use]
    pub fn has_image(&self) -> bool {
        self.image.is_some()
    }

    /// Hands out what changes have forced since, and up to `pieces` more. True when that was the last of the image,
    /// which is over then; true and nothing handed out if none is under way.
    pub fn continue_image(&mut self, pieces: usize, out: &mut Vec<Piece>) -> bool {
        let Some(mut image) = self.image.take() else {
            return true;
        };
        for _ in 0..pieces {
            let Some(number) = image.first_pending() else {
                break;
            };
            self.encode_piece(&mut image, number);
        }
        image.hand_out(out);
        let is_complete = image.first_pending().is_none();
        if !is_complete {
            self.image = Some(image);
        }
        is_complete
    }

    /// Forgets the image under way.
    pub fn drop_image(&mut self) {
        self.image = None;
    }

    /// Comes before every change of a customer: the image under way must show it as it was.
    #[inline]
    pub(super) fn before_change(&mut self, ix: Ix) {
        if self.image.is_some() {
            self.force_piece(ix);
        }
    }

    #[cold]
    fn force_piece(&mut self, ix: Ix) {
        let Some(mut image) = self.image.take() else {
            return;
        };
        if let Some(number) = image.pending(ix.0) {
            self.encode_piece(&mut image, number);
        }
        self.image = Some(image);
    }

    /// Comes before a new id is given an index, which may be one that the image shows as free.
    #[cold]
    pub(super) fn before_intern(&mut self, hash: u64, id: &str) {
        if let Some(ix) = self
            .names
            .next_free()
            .filter(|_| self.names.find(hash, id).is_none())
        {
            self.force_piece(Ix(ix));
        }
    }

    fn encode_piece(&self, image: &mut Progress, number: u32) {
        let frame = Frame::new(image.end, &self.settings);
        // Rows of words lie anywhere: their misses overlap this way, as they do for a batch of events.
        let customers: Vec<Ix> = frame.range(number).map(Ix).collect();
        self.touch(&customers);
        let customer = |ix| {
            let id = self.names.live_id(ix)?;
            Some((id, self.customer(Ix(ix))))
        };
        let piece = write_piece(frame, number, &mut image.columns, customer);
        image.keep(piece);
    }

    pub(super) fn customer(&self, ix: Ix) -> Customer<'_> {
        let head = self.heads.get(ix.0);
        Customer {
            head,
            words: self.words_of(head),
            recent: self
                .recent
                .as_ref()
                .map_or(&[], |recent| recent.pairs(ix.0)),
            stats: self.stats.as_ref().map(|stats| stats.get(ix.0)),
        }
    }

    /// The store whose image these pieces are, in any order. Indices are those of the image, and erased ones are
    /// free. `seed` may be another than the image's store had.
    ///
    /// # Errors
    /// If the pieces are not one whole image by the same settings and logic, or hold what no store could have come
    /// to. Whatever the bytes are, no more memory is taken than a multiple of theirs.
    pub fn restore(settings: Settings, seed: u64, pieces: &[Piece]) -> Result<Self, ImageFault> {
        let reader = PieceReader::new(&settings, pieces)?;
        let mut store = Self::with_seed(settings, seed);
        store.names.reserve(reader.frame().end);
        reader.read(|customer| {
            let Some((id, state)) = customer else {
                store.names.restore_free();
                store.heads.push(Head::new());
                if let Some(recent) = &mut store.recent {
                    recent.restore(&[])?;
                }
                if let Some(stats) = &mut store.stats {
                    stats.push(Stats::default());
                }
                return Ok(());
            };
            store.names.restore(id)?;
            let mut head = state.head;
            let (class, slot) = store.words.hold(&state.words);
            let len = state.words.len() as u16;
            head.set_row(Row { slot, len, class });
            store.heads.push(head);
            if let Some(stats) = &mut store.stats {
                stats.push(state.stats);
            }
            match &mut store.recent {
                Some(recent) => recent.restore(&state.recent),
                None if state.recent.is_empty() => Ok(()),
                None => Err("ids are remembered although duplicates are let through"),
            }
        })?;
        Ok(store)
    }

    /// A hash of all customers' states by their ids. Stores that will always answer alike have equal digests, whatever
    /// their indices, seeds and past memory use. A walk over everybody.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let mut columns = Columns::new();
        let mut bytes = Vec::new();
        self.iter().fold(0, |sum, ix| {
            columns.clear();
            bytes.clear();
            encode(self.customer(ix), &mut columns);
            columns.write_to(&mut bytes);
            let id = xxh3_64(self.id(ix).as_bytes());
            sum.wrapping_add(xxh3_64_with_seed(&bytes, id))
        })
    }
}
