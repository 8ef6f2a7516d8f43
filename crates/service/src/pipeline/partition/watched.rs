//! Where the fold meets the watch.

use holdfast_features::{Applied, Input, Ix};

use super::Partition;
use crate::pipeline::watch::{View, Watch};

impl Partition {
    /// Before an event is applied. One that will be dropped is none.
    #[inline]
    pub(super) fn watch_before(&mut self, ix: Ix, input: &Input) {
        if let Some(watch) = &mut self.watch
            && watch.is_awake(input.ts)
            && self.store.verdict(ix, input) == Applied::Applied
        {
            watch.before(&self.store, ix, input);
        }
    }

    /// Time has come to `to`, as far as late events go. Says whether a cutoff or a horizon has ended by that.
    pub(super) fn watch_up_to(&mut self, to: i64) -> bool {
        let watch = self.watch.as_mut();
        watch.is_some_and(|watch| watch.observe(&self.store, to))
    }

    /// Looks at up to so many customers for the watch, if it has begun something: beside records, or while there are
    /// none. Nothing depends on when that is.
    #[inline]
    pub fn watch_on(&mut self, customers: u32) {
        if let Some(watch) = &mut self.watch {
            watch.go_on(&self.store, customers);
        }
    }

    /// Grows whenever there is something new to [see](Self::view); 0 where nothing is watched.
    pub fn view_version(&self) -> u64 {
        self.watch.as_ref().map_or(0, Watch::version)
    }

    /// Bytes of what is predicted and awaited.
    pub fn watch_memory(&self) -> usize {
        self.watch.as_ref().map_or(0, Watch::memory)
    }

    /// What was predicted, and what became of it.
    pub fn view(&self) -> Option<View> {
        self.watch.as_ref().map(Watch::view)
    }
}
