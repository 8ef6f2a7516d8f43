//! What the watch of a partition has to show, for those who ask from outside.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::pipeline::Partition;
use crate::pipeline::watch::View;

/// The newest view of one partition.
#[derive(Debug, Default)]
pub struct Watching {
    version: AtomicU64,
    view: Mutex<Option<View>>,
}

impl Watching {
    /// Copies the view if there is something new.
    pub(super) fn tell(&self, partition: &Partition) {
        let version = partition.view_version();
        if self.version.swap(version, Ordering::Relaxed) != version {
            *self.view.lock().unwrap_or_else(PoisonError::into_inner) = partition.view();
        }
    }

    /// Grows with what there is to see.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }

    /// The newest; none where nothing is watched.
    pub fn view(&self) -> Option<View> {
        let view = self.view.lock().unwrap_or_else(PoisonError::into_inner);
        view.clone()
    }
}
