//! A watch as a section of a snapshot. A job without a watch has no such section.
//!
//! All numbers are little endian, eight bytes each but for the codes of the slots: version, the question, models, the
//! open cutoff, cutoffs with their tallies, what is under way, who had the event of a named label, codes, and the
//! customers put aside as pieces of a store.

use std::collections::VecDeque;
use std::sync::Arc;

use holdfast_features::{Piece, Store};
use holdfast_model::watch::{Counts, Pair, Tally, put, take};

use super::Watch;
use super::book::{Book, Cutoff, KEPT, Sweep};
use super::slots::Slots;
use super::terms::{Named, Terms};

/// Version of the bytes, which begin with it.
const VERSION: u64 = 1;
/// No place in the list of models.
const NOBODY: u64 = u64::MAX;
/// More names than a section can need.
const MODELS: u64 = 64;

/// A watch as of one instant: its pages are shared until they change.
#[derive(Debug)]
pub struct WatchImage {
    question: String,
    book: Book,
    side: Vec<Piece>,
}

impl WatchImage {
    /// Its bytes, uncompressed and without a checksum.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, &[VERSION]);
        text(&self.question, &mut out);
        cutoffs(&self.book, &mut out);
        let sweep = self.book.sweep;
        let sweep = sweep.map_or([0; 3], |s| {
            [1 + u64::from(s.scores), s.next.into(), s.end.into()]
        });
        put(&mut out, &sweep);
        put(&mut out, &[self.book.had.len() as u64]);
        for (ix, ts) in &self.book.had {
            put(&mut out, &[u64::from(*ix), ts.cast_unsigned()]);
        }
        self.book.slots.encode(&mut out);
        put(&mut out, &[self.side.len() as u64]);
        for piece in &self.side {
            put(
                &mut out,
                &[u64::from(piece.number), piece.bytes.len() as u64],
            );
            out.extend(&piece.bytes);
        }
        out
    }
}

fn text(text: &str, out: &mut Vec<u8>) {
    put(out, &[text.len() as u64]);
    out.extend(text.as_bytes());
}

fn bytes<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let [len] = take(from)?;
    let (mine, rest) = from.split_at_checked(usize::try_from(len).ok()?)?;
    *from = rest;
    Some(mine)
}

fn read_text(from: &mut &[u8]) -> Option<String> {
    String::from_utf8(bytes(from)?.to_vec()).ok()
}

/// Models, the open cutoff, and the others with their tallies.
pub(super) fn cutoffs(book: &Book, out: &mut Vec<u8>) {
    put(out, &[book.models.len() as u64]);
    for model in &book.models {
        text(&model.id, out);
        text(&model.sha256, out);
    }
    put(out, &[book.open.cast_unsigned()]);
    for list in [&book.pending, &book.done] {
        put(out, &[list.len() as u64]);
        list.iter().for_each(|cutoff| encode(cutoff, out));
    }
}

fn encode(cutoff: &Cutoff, out: &mut Vec<u8>) {
    let challenger = cutoff.challenger.map_or(NOBODY, u64::from);
    let drift = cutoff.drift.len() as u64;
    put(
        out,
        &[
            cutoff.at.cast_unsigned(),
            cutoff.champion.into(),
            challenger,
            cutoff.scored,
            drift,
        ],
    );
    for counts in &cutoff.drift {
        put(out, &counts.map(u64::from));
    }
    cutoff.tally.encode(out);
    cutoff.challenged.encode(out);
    cutoff.pair.encode(out);
}

fn decode(from: &mut &[u8], models: usize) -> Option<Cutoff> {
    let [at, champion, challenger, scored, features] = take(from)?;
    let place = |model: u64| {
        u16::try_from(model)
            .ok()
            .filter(|m| usize::from(*m) < models)
    };
    let challenger = match challenger {
        NOBODY => None,
        some => Some(place(some)?),
    };
    let mut drift = Vec::new();
    for _ in 0..features {
        let found: [u64; 10] = take(from)?;
        let mut counts = Counts::default();
        for (count, found) in counts.iter_mut().zip(found) {
            *count = u32::try_from(found).ok()?;
        }
        drift.push(counts);
    }
    Some(Cutoff {
        at: at.cast_signed(),
        champion: place(champion)?,
        challenger,
        scored,
        drift,
        tally: Tally::decode(from)?,
        challenged: Tally::decode(from)?,
        pair: Pair::decode(from)?,
    })
}

/// The book, if these are its bytes and what they say can be.
fn book(from: &mut &[u8], terms: &Terms, end: u32) -> Option<Book> {
    let [count] = take(from)?;
    if count > MODELS {
        return None;
    }
    let mut book = Book::new(terms, i64::MIN);
    for _ in 0..count {
        let (id, sha256) = (read_text(from)?, read_text(from)?);
        book.models.push(Named { id, sha256 });
    }
    let [open] = take(from)?;
    book.open = open.cast_signed();
    let is_cutoff = |at: i64| at > 0 && (at + 1) % terms.step_ms == 0 && at < i64::MAX / 2;
    let most = [terms.slots, KEPT];
    for (list, most) in [&mut book.pending, &mut book.done].into_iter().zip(most) {
        let [count] = take(from)?;
        if count > most as u64 {
            return None;
        }
        for _ in 0..count {
            list.push_back(decode(from, book.models.len())?);
        }
        let ascends = |list: &VecDeque<Cutoff>| {
            list.iter()
                .zip(list.iter().skip(1))
                .all(|(a, b)| a.at < b.at)
        };
        if !ascends(list) || !list.iter().all(|c| is_cutoff(c.at) && c.at < book.open) {
            return None;
        }
    }
    let [what, next, stop] = take(from)?;
    let sweep = || {
        Some(Sweep {
            scores: what == 2,
            next: u32::try_from(next).ok()?,
            end: u32::try_from(stop).ok()?,
        })
    };
    book.sweep = if what == 0 { None } else { Some(sweep()?) };
    let sound = book
        .sweep
        .is_none_or(|s| s.next < s.end && s.end <= end && !book.pending.is_empty());
    let [had] = take(from)?;
    for _ in 0..had {
        let [ix, ts] = take(from)?;
        let ix = u32::try_from(ix).ok().filter(|ix| *ix < end)?;
        book.had.insert(ix, ts.cast_signed());
    }
    (sound && is_cutoff(book.open) && what <= 2).then_some(book)
}

impl Watch {
    /// As it is now.
    pub fn image(&mut self) -> WatchImage {
        let mut side = Vec::new();
        if !self.side.is_empty() {
            self.side.begin_image();
            self.side.continue_image(usize::MAX, &mut side);
        }
        WatchImage {
            question: self.terms.question(),
            book: self.book.clone(),
            side,
        }
    }

    /// The watch of which an image was made, of a partition with this store; a new one where another question was
    /// asked.
    ///
    /// # Errors
    /// If the bytes are of another version, or hold what no watch could have come to.
    pub fn restore(
        (terms, clock): (&Arc<Terms>, i64),
        store: &Store,
        image: &[u8],
    ) -> Result<Self, String> {
        let damaged = || "the watch is damaged".to_owned();
        let mut from = image;
        let [version] = take(&mut from).ok_or_else(damaged)?;
        if version != VERSION {
            return Err(format!("the watch is of version {version}, not {VERSION}"));
        }
        if read_text(&mut from).ok_or_else(damaged)? != terms.question() {
            return Ok(Self::new(terms, store, clock));
        }
        let mut book = book(&mut from, terms, store.end()).ok_or_else(damaged)?;
        let widths = [terms.slots, 2 * terms.slots];
        let start = from;
        let slots = widths.into_iter().find_map(|width| {
            from = start;
            Slots::decode(&mut from, width, store.end())
        });
        book.slots = slots.ok_or_else(damaged)?;
        let [pieces] = take(&mut from).ok_or_else(damaged)?;
        let mut side = Vec::new();
        for _ in 0..pieces {
            let [number] = take(&mut from).ok_or_else(damaged)?;
            side.push(Piece {
                number: u32::try_from(number).map_err(|_| damaged())?,
                bytes: bytes(&mut from).ok_or_else(damaged)?.to_vec(),
            });
        }
        let settings = *store.settings();
        let side = match side.as_slice() {
            [] => Store::new(settings),
            pieces => Store::restore(settings, 0, pieces).map_err(|e| e.to_string())?,
        };
        let last = book.models.iter().rposition(|m| *m == terms.champion.name);
        let width = book.slots.width();
        let mut watch = Self::of(terms, book, side);
        // Other models than then, or one that comes or goes.
        if width != terms.width() || last.is_none() {
            watch = watch.activate(terms, store, clock);
        }
        Ok(watch)
    }
}
