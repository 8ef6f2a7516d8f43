//! Keeping watch: what the model predicts is held against what became of the customers.
//!
//! Every max(7, round(H/3)) days, at the end of a UTC day (a *cutoff*), every member of the label's population is
//! scored, as a log that ended there would have been; a horizon later the outcomes are known, and both are counted
//! ([`holdfast_model::watch`]). A partition closes a cutoff when its clock, or a tick, is the grace past it. Until then
//! an event may still come that is dated before it, so a customer whose next event is dated after it is put aside as
//! of the cutoff first, and late events are applied to both. After that whoever is not scored yet is scored before his
//! next event. So the figures depend on the events and on nothing else, as long as none comes later than the grace.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`terms`] | which models predict, and when |
//! | [`book`] | cutoffs, who has been scored, outcomes |
//! | `slots` | two bytes for each customer and cutoff that is awaited, and as much for a challenger |
//! | [`image`] | the section of a snapshot |
//! | [`panel`] | figures of all partitions together |
//!
//! Figures are those of cutoffs after the end of what a model learned from, and of models that were trained: a
//! threshold written by hand is no prediction. Customers that move to another number of partitions begin anew.

use std::sync::Arc;

use holdfast_events::EventType;
use holdfast_features::{Input, Ix, Store};
use holdfast_model::Scratch;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

pub mod book;
pub mod image;
pub mod panel;
mod slots;
pub mod terms;

pub use image::WatchImage;
pub use panel::{Panel, View};
pub use terms::Terms;

use book::{Book, Eye};
use slots::{BLANK, NONE, STASHED, STASHED_ACTED};

/// One partition's watch.
#[derive(Debug)]
pub struct Watch {
    terms: Arc<Terms>,
    book: Book,
    /// Customers as of the open cutoff, or of the one they are being scored at.
    side: Store,
    scratch: [Scratch; 2],
    /// Nothing dated up to here needs a look.
    alarm: i64,
    /// Grows with what there is to see.
    version: u64,
}

impl Watch {
    /// Of a partition whose clock stands at `clock`, ms UTC.
    pub fn new(terms: &Arc<Terms>, store: &Store, clock: i64) -> Self {
        let book = Book::new(terms, clock);
        Self::of(terms, book, Store::new(*store.settings()))
    }

    fn of(terms: &Arc<Terms>, book: Book, side: Store) -> Self {
        let second = terms.challenger.as_ref().unwrap_or(&terms.champion);
        Self {
            scratch: [terms.champion.scorer.scratch(), second.scorer.scratch()],
            alarm: book.next_instant(terms),
            terms: Arc::clone(terms),
            book,
            side,
            version: 1,
        }
    }

    /// Whether [`before`](Self::before) has to be called for an event of this time.
    #[inline]
    pub fn is_awake(&self, ts: i64) -> bool {
        ts > self.alarm || self.book.sweep.is_some() || !self.side.is_empty()
    }

    /// Brings a customer's row into the cache.
    #[inline]
    pub fn touch(&self, ix: Ix) {
        std::hint::black_box(self.book.slots.get(ix.0, 0));
    }

    /// Comes before an event is applied to the store, and after what was due before it has fired.
    pub fn before(&mut self, store: &Store, ix: Ix, input: &Input) {
        self.observe(store, input.ts.saturating_sub(self.terms.grace_ms));
        if input.ts > self.book.open && self.book.sweep.is_some() {
            // The side store is free for the next cutoff only when nobody waits in it for the last one.
            self.finish(store);
        }
        self.with(store, |book, eye| book.force(eye, ix));
        let slot = self.terms.slot(self.book.open);
        let code = self.book.slots.get(ix.0, slot);
        if input.ts > self.book.open {
            if code == BLANK && self.side.adopt(store, ix).is_some() {
                self.book.slots.set(ix.0, slot, STASHED);
            }
        } else if matches!(code, STASHED | STASHED_ACTED)
            && let Some(own) = self.side.find(store.id(ix))
        {
            book::fire(&mut self.side, own, input.ts);
            self.side.apply(own, input);
        }
    }

    /// An event was applied: it may be the outcome of a prediction.
    #[inline]
    pub fn after(&mut self, ix: Ix, kind: EventType, type_name: &str, ts: i64) {
        if self.terms.label.kind.matches(kind, type_name) {
            self.book.happened(&self.terms, ix.0, ts);
        }
    }

    /// Comes before the store forgets a customer.
    pub fn erase(&mut self, store: &Store, ix: Ix) {
        self.with(store, |book, eye| book.force(eye, ix));
        let slot = self.terms.slot(self.book.open);
        if matches!(self.book.slots.get(ix.0, slot), STASHED | STASHED_ACTED) {
            self.book.slots.set(ix.0, slot, BLANK);
        }
        if let Some(own) = self.side.find(store.id(ix)) {
            self.side.erase(own);
        }
        self.book.erase(&self.terms, ix.0);
    }

    /// Nothing dated up to `due` is waited for any more: closes cutoffs, and horizons. Says whether there was one.
    pub fn observe(&mut self, store: &Store, due: i64) -> bool {
        let mut moved = false;
        while self.book.next_instant(&self.terms) <= due {
            self.finish(store);
            self.with(store, |book, eye| book.begin(eye));
            // Whom an empty store holds is visited at once.
            self.go_on(store, 0);
            moved = true;
        }
        self.alarm = self.book.next_instant(&self.terms);
        moved
    }

    /// Goes on with what is under way, for up to so many customers.
    #[inline]
    pub fn go_on(&mut self, store: &Store, customers: u32) {
        if self.book.sweep.is_some() {
            self.visit(store, customers);
        }
    }

    /// Ends what is under way.
    pub fn finish(&mut self, store: &Store) {
        while self.book.sweep.is_some() {
            self.visit(store, u32::MAX);
        }
    }

    fn visit(&mut self, store: &Store, customers: u32) {
        let scores = self.book.sweep.is_some_and(|sweep| sweep.scores);
        if self.with(store, |book, eye| book.go_on(eye, customers)) {
            self.version += 1;
            if scores && !self.side.is_empty() {
                self.side = Store::new(*store.settings());
            }
        }
    }

    fn with<T>(&mut self, store: &Store, work: impl FnOnce(&mut Book, &mut Eye<'_>) -> T) -> T {
        let mut eye = Eye {
            terms: &self.terms,
            store,
            side: &self.side,
            scratch: &mut self.scratch,
        };
        work(&mut self.book, &mut eye)
    }

    /// Other models answer from here on. What was predicted stays awaited if they answer the same question.
    pub fn activate(mut self, terms: &Arc<Terms>, store: &Store, clock: i64) -> Self {
        if terms.question() != self.terms.question() {
            return Self::new(terms, store, clock);
        }
        self.finish(store);
        let open = terms.first_cutoff(self.book.open);
        if open != self.book.open {
            // They learned from what the cutoff would have asked.
            let slot = self.terms.slot(self.book.open);
            for stashed in self
                .side
                .iter()
                .filter_map(|ix| store.find(self.side.id(ix)))
            {
                self.book.slots.set(stashed.0, slot, BLANK);
            }
            self.side = Store::new(*store.settings());
            self.book.open = open;
        }
        if terms.width() != self.book.slots.width() {
            self.book.slots = self.book.slots.resized(terms.width());
        }
        Self {
            version: self.version + 1,
            ..Self::of(terms, self.book, self.side)
        }
    }

    /// Grows whenever [`view`](Self::view) would say something new.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// What there is to see.
    pub fn view(&self) -> View {
        let scoring = self.book.sweep.is_some_and(|sweep| sweep.scores);
        let scored = self.book.pending.iter().rev().skip(usize::from(scoring));
        View {
            terms: Arc::clone(&self.terms),
            models: self.book.models.clone(),
            done: self.book.done.iter().cloned().collect(),
            scored: scored.take(1).next().cloned(),
            awaited: self.book.pending.iter().map(|cutoff| cutoff.at).collect(),
            open: self.book.open,
        }
    }

    /// Bytes held, about.
    pub fn memory(&self) -> usize {
        self.book.slots.memory() + self.side.memory().total()
    }

    /// A hash of all that later figures depend on: equal however far what is under way has come.
    pub fn digest(&self, store: &Store) -> u64 {
        let mut book = self.book.clone();
        let mut scratch = self.scratch.clone();
        let mut eye = Eye {
            terms: &self.terms,
            store,
            side: &self.side,
            scratch: &mut scratch,
        };
        book.finish(&mut eye);
        let under_way = self.book.sweep.is_some_and(|sweep| sweep.scores);
        let side = if under_way { 0 } else { self.side.digest() };
        let mut bytes = Vec::new();
        image::cutoffs(&book, &mut bytes);
        let whole = xxh3_64(&bytes).wrapping_add(side);
        store.iter().fold(whole, |sum, ix| {
            let had = book.had.get(&ix.0).map_or(0, |ts| ts.cast_unsigned());
            let sum = sum.wrapping_add(had);
            let Some(row) = book.slots.row(ix.0) else {
                return sum;
            };
            let code = |code: &u16| if *code == NONE { BLANK } else { *code };
            let codes: Vec<u8> = row.iter().flat_map(|c| code(c).to_le_bytes()).collect();
            if codes.iter().all(|byte| *byte == 0) {
                return sum;
            }
            let id = xxh3_64(store.id(ix).as_bytes());
            sum.wrapping_add(xxh3_64_with_seed(&codes, id))
        })
    }
}
