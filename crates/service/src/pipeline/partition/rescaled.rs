//! The same customers over another number of partitions.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use holdfast_consumer::murmur2_partition;
use holdfast_features::Store;
use holdfast_policy::Decider;
use holdfast_reports::live::Daybook;

use super::{Erased, Partition};
use crate::pipeline::Settings;
use crate::pipeline::watch::Watch;

impl Partition {
    /// All customers of `old`, which are all partitions of an input, where they belong among `partitions`.
    ///
    /// Clocks of partitions differ; each new one gets the furthest, which no customer's own times depend on: what
    /// falls due in between is dated at its own instant whenever it is noticed.
    ///
    /// # Errors
    /// If a customer is in two partitions: then keys were not spread by Kafka's own hash.
    pub fn rescaled(
        settings: &Settings,
        old: &[Self],
        partitions: u32,
    ) -> anyhow::Result<Vec<Self>> {
        let deciders: Vec<&Decider> = old.iter().map(|from| &from.decider).collect();
        let mut erased = Erased::new(settings.erased_key);
        for from in old {
            erased.absorb(&from.erased)?;
        }
        let clock = old.iter().map(|from| from.clock).max();
        let input_clock = old.iter().map(|from| from.input_clock).max();
        let fresh = |_| {
            let policy = Arc::clone(&settings.policy);
            anyhow::Ok(Self {
                decider: Decider::heir_of(policy, &settings.model, &deciders)?,
                erased: erased.clone(),
                clock: clock.unwrap_or(i64::MIN),
                input_clock: input_clock.unwrap_or(i64::MIN),
                // What is awaited lies by index, and tallies would count twice: the watch begins anew.
                watch: settings.watch.as_ref().map(|terms| {
                    Watch::new(
                        terms,
                        &Store::new(settings.store),
                        clock.unwrap_or(i64::MIN),
                    )
                }),
                ..Self::new(settings)?
            })
        };
        let mut new = (0..partitions)
            .map(fresh)
            .collect::<anyhow::Result<Vec<Self>>>()?;
        let books: Vec<&Daybook> = old.iter().filter_map(|from| from.book.as_ref()).collect();
        for (number, to) in new.iter_mut().enumerate() {
            to.book = to.book.take().map(|fresh| fresh.heir_of(&books));
            // Sums say of nobody whose they are: one takes them all.
            if let (0, Some(own)) = (number, &mut to.book) {
                books.iter().for_each(|book| own.absorb(book));
            }
        }
        for from in old {
            let mut moved = HashMap::new();
            for theirs in from.store.iter() {
                let id = from.store.id(theirs);
                let place = murmur2_partition(id.as_bytes(), partitions);
                let to = new.get_mut(place as usize).context("no such partition")?;
                let own = to.store.adopt(&from.store, theirs).ok_or_else(|| {
                    anyhow!("a customer is in two partitions: were keys spread by murmur2?")
                })?;
                to.decider.adopt(&from.decider, &from.store, theirs, own);
                if let (Some(tracker), Some(old)) = (&mut to.tracker, &from.tracker) {
                    tracker.adopt(old, &to.store, (theirs, own))?;
                }
                to.await_end(own);
                if let (Some(book), Some(old)) = (&mut to.book, &from.book) {
                    book.adopt(old, (theirs.0, own.0));
                    moved.insert(theirs.0, (place, own.0));
                }
            }
            for (number, to) in (0..).zip(&mut new) {
                if let (Some(book), Some(old)) = (&mut to.book, &from.book) {
                    let here = |theirs| moved.get(&theirs).filter(|(place, _)| *place == number);
                    book.adopt_days(old, |theirs| here(theirs).map(|(_, own)| *own));
                }
            }
        }
        Ok(new)
    }
}
