//! Images: a store's state as of one instant, in pieces, while events go on.
//!
//! [`Store::begin_image`](crate::Store::begin_image) fixes the instant. A piece holds the customers of [`PIECE`]
//! neighbouring indices. Pieces are encoded a few at a time by whoever drives the store; one that an event is about to
//! change is encoded before, so every piece shows the state as of the beginning. Nothing else is copied.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `columns` | bytes by column, for one compressor to find alike things side by side |
//! | `customer` | one customer to columns and back, with every invariant checked on the way back |
//! | `life` | the same for the statistics over the whole life, where there are any |
//! | `piece` | header, ids and customers of a piece |
//! | `store/image.rs` | the same for a whole store |
//!
//! An image leaves out what no later event and no window can reach, so it also is the canonical form of the state: two
//! stores that will always answer alike give the same columns for a customer.

mod columns;
mod customer;
mod life;
mod piece;

use crate::store::Settings;

pub(crate) use columns::{Column, Columns, Cursor};
pub(crate) use customer::{Customer, Restored, encode};
pub(crate) use piece::{Frame, PieceReader, write_piece};

/// Version of the state's meaning and of an image's layout. Images of another version can't be used. Raise it with
/// either; the golden snapshots of the service's tests tell when that was forgotten.
pub const LOGIC: u32 = 7;

/// Indices of one piece: few enough that encoding one before a change is no pause, enough for columns to pay.
pub(crate) const PIECE: u32 = 256;

/// Some customers of an image: those of the indices from `number` * 256 on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its place among the image's pieces, from 0.
    pub number: u32,
    /// Its content, uncompressed and without a checksum: columns, made for a fast general compressor.
    pub bytes: Vec<u8>,
}

impl Piece {
    /// The settings of the store that it is a piece of, for those who only look; none if it is no piece.
    #[must_use]
    pub fn settings(&self) -> Option<Settings> {
        piece::settings(self)
    }
}

/// Why pieces are no image that this store could go on from. Texts hold no customer's data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageFault {
    /// The image was made by a version whose state means something else.
    #[error("the image's state is of logic {found}, this version's is {LOGIC}")]
    Logic {
        /// The logic it was made by.
        found: u32,
    },
    /// The image was made under other settings.
    #[error(
        "the image was made with another `dedupe`, cart abandonment, currency exponent, or other statistics"
    )]
    Settings,
    /// A piece is missing.
    #[error("piece {number} of the image's {pieces} is missing")]
    Missing {
        /// The first that is.
        number: u32,
        /// Pieces that the image has.
        pieces: u32,
    },
    /// A piece is not of this image, or comes twice.
    #[error("piece {number} is of another image, or comes twice")]
    Foreign {
        /// Its number.
        number: u32,
    },
    /// A piece's content can't be.
    #[error("piece {number} is damaged: {what}")]
    Damaged {
        /// Its number.
        number: u32,
        /// What is wrong.
        what: &'static str,
    },
}

/// An image under way.
#[derive(Debug)]
pub(crate) struct Progress {
    /// Indices from here on are younger than the image.
    pub(crate) end: u32,
    done: Vec<bool>,
    /// All pieces before this one are done.
    next: u32,
    ready: Vec<Piece>,
    pub(crate) columns: Columns,
}

impl Progress {
    pub(crate) fn new(end: u32) -> Self {
        Self {
            end,
            done: vec![false; pieces_of(end) as usize],
            next: 0,
            ready: Vec::new(),
            columns: Columns::new(),
        }
    }

    /// The piece of this index, if it is still to be encoded.
    pub(crate) fn pending(&self, ix: u32) -> Option<u32> {
        let number = ix / PIECE;
        (self.done.get(number as usize) == Some(&false)).then_some(number)
    }

    /// The first piece that is still to be encoded.
    pub(crate) fn first_pending(&mut self) -> Option<u32> {
        while self.done.get(self.next as usize) == Some(&true) {
            self.next += 1;
        }
        ((self.next as usize) < self.done.len()).then_some(self.next)
    }

    pub(crate) fn keep(&mut self, piece: Piece) {
        if let Some(done) = self.done.get_mut(piece.number as usize) {
            *done = true;
        }
        self.ready.push(piece);
    }

    pub(crate) fn hand_out(&mut self, out: &mut Vec<Piece>) {
        out.append(&mut self.ready);
    }
}

/// Pieces of an image of so many indices: one at least, so that an empty image is told from none.
pub(crate) fn pieces_of(end: u32) -> u32 {
    end.div_ceil(PIECE).max(1)
}
