//! Images of a daybook: taking one, coming back from it, and customers that move.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::BookTerms;
use super::bits::at_least;
use super::came::Came;
use super::day::Day;
use super::daybook::Daybook;
use super::open::{Open, Stock};
use super::running::Running;
use crate::carts::Walk;

const VERSION: u32 = 3;

/// Bytes that are no image of a daybook.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BookFault {
    /// Another version wrote them.
    #[error("the image of figures has version {0}, this program reads {VERSION}")]
    Version(u32),
    /// They cannot be read.
    #[error("the image of figures cannot be read: {0}")]
    Unreadable(String),
}

#[derive(Serialize, Deserialize)]
struct Image {
    version: u32,
    terms: BookTerms,
    next: Option<(i64, i64)>,
    has_closed: bool,
    days: Vec<Day>,
    stock: Stock,
    purchases: Vec<u32>,
    came: Came,
    contracts: Running,
    carts: BTreeMap<u32, Walk>,
    segments: BTreeMap<String, i64>,
    open: Vec<Open>,
}

impl Daybook {
    /// As bytes; equal books have equal ones.
    #[must_use]
    pub fn encode(mut self) -> Vec<u8> {
        for set in self.stock.sets_mut() {
            set.trim();
        }
        self.open.iter_mut().for_each(Open::trim);
        self.contracts.trim();
        self.came.trim();
        while self.purchases.last() == Some(&0) {
            self.purchases.pop();
        }
        let days = self.days.into_values();
        let image = Image {
            version: VERSION,
            terms: self.terms,
            next: self.next,
            has_closed: self.has_closed,
            days: days
                .map(|mut day| {
                    day.active.trim();
                    day.visits.trim();
                    day
                })
                .collect(),
            stock: self.stock,
            purchases: self.purchases,
            came: self.came,
            contracts: self.contracts,
            carts: self.carts,
            segments: self.segments,
            open: self.open,
        };
        // Plain numbers and words into memory: this cannot fail.
        postcard::to_allocvec(&image).unwrap_or_default()
    }

    /// As it was when the bytes were made; what holds today is for [`activate`](Self::activate) to say.
    ///
    /// # Errors
    /// [`BookFault`] where they are none.
    pub fn restore(bytes: &[u8], zone: TimeZone) -> Result<Self, BookFault> {
        let unreadable = |fault: postcard::Error| BookFault::Unreadable(fault.to_string());
        let (version, _) = postcard::take_from_bytes::<u32>(bytes).map_err(unreadable)?;
        if version != VERSION {
            return Err(BookFault::Version(version));
        }
        let image: Image = postcard::from_bytes(bytes).map_err(unreadable)?;
        let days = image.days.into_iter().map(|day| (day.start, day));
        Ok(Self {
            next: image.next,
            has_closed: image.has_closed,
            days: days.collect(),
            stock: image.stock,
            purchases: image.purchases,
            came: image.came,
            contracts: image.contracts,
            carts: image.carts,
            segments: image.segments,
            open: image.open,
            ..Self::new(image.terms, zone)
        })
    }

    /// An empty book for customers who come from others: it goes on where the last of them is.
    #[must_use]
    pub fn heir_of(&self, others: &[&Self]) -> Self {
        let mut heir = Self::new(self.terms.clone(), self.zone.clone());
        let latest = others.iter().max_by_key(|other| other.next);
        if let Some(latest) = latest {
            heir.next = latest.next;
            heir.has_closed = others.iter().any(|other| other.has_closed);
            for open in &latest.open {
                let mut own = Open::new(open.period, (open.start, open.end), &heir.stock);
                // Where one had begun another period than the rest, nobody can say what was when it began.
                let alike = others.iter().all(|other| {
                    let mut theirs = other.open.iter();
                    theirs
                        .any(|o| (o.period, o.start, o.is_whole) == (open.period, open.start, true))
                });
                own.is_whole = alike;
                heir.open.push(own);
            }
        }
        heir
    }

    /// A customer of another partition comes here, with another index.
    pub fn adopt(&mut self, from: &Self, (theirs, own): (u32, u32)) {
        self.stock.present.set(own, from.stock.present.has(theirs));
        self.stock.ever.set(own, from.stock.ever.has(theirs));
        self.stock.ordered.set(own, from.stock.ordered.has(theirs));
        self.stock
            .repeated
            .set(own, from.stock.repeated.has(theirs));
        let place = own as usize;
        at_least(&mut self.purchases, place + 1);
        self.purchases[place] = from.purchases.get(theirs as usize).copied().unwrap_or(0);
        self.came.adopt(&from.came, (theirs, own));
        self.stock.subscribed += u64::from(from.contracts.is_any(theirs));
        self.contracts.set(own, from.contracts.get(theirs));
        if let Some(walk) = from.carts.get(&theirs) {
            self.carts.insert(own, *walk);
        }
        for open in &mut self.open {
            let mut same = from.open.iter();
            if let Some(from) = same.find(|o| o.period == open.period) {
                open.adopt(from, (theirs, own));
            }
        }
    }

    /// What customers brought, and did on days that are not closed, comes along: `own` says by which index they are known
    /// here, of those who are. What the other partition had not closed and others had is late.
    pub fn adopt_days(&mut self, from: &Self, own: impl Fn(u32) -> Option<u32>) {
        for open in &mut self.open {
            let mut same = from.open.iter();
            if let Some(from) = same.find(|o| o.period == open.period) {
                open.adopt_amounts(from, &own);
            }
        }
        for day in from.days.values() {
            let (page, is_late) = self.page_of(day);
            for touch in &day.touches {
                if let Some(ix) = own(touch.ix) {
                    let mut touch = *touch;
                    touch.ix = ix;
                    touch.ms = if is_late { 1 } else { touch.ms };
                    page.touches.push(touch);
                }
            }
            for ix in day.active.iter().filter_map(&own) {
                page.active.insert(ix);
            }
            for ix in day.visits.iter().filter_map(&own) {
                page.visits.insert(ix);
            }
        }
    }

    fn page_of(&mut self, day: &Day) -> (&mut Day, bool) {
        let span = (day.start, day.end);
        let late = self.next.filter(|next| day.start < next.0);
        let span = late.unwrap_or(span);
        let page = self.days.entry(span.0);
        (page.or_insert_with(|| Day::new(span)), late.is_some())
    }

    /// What another partition had counted so far without saying of whom: one of the new ones takes it.
    pub fn absorb(&mut self, from: &Self) {
        self.stock.cost += from.stock.cost;
        for (segment, n) in &from.segments {
            *self.segments.entry(segment.clone()).or_default() += n;
        }
        for open in &mut self.open {
            let mut same = from.open.iter();
            if let Some(from) = same.find(|o| o.period == open.period) {
                open.absorb(from);
            }
        }
        for day in from.days.values() {
            let (page, _) = self.page_of(day);
            page.traffic += day.traffic;
            page.beside.add(&day.beside);
        }
    }
}
