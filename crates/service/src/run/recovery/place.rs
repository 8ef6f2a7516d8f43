//! Where snapshots are kept.

use std::sync::Arc;

use holdfast_store::{Error, Snapshots};
use tracing::warn;

use crate::run::error::chain;
use crate::run::{RunError, Shared};

/// The store of the configuration; none when no snapshots are kept. A disk without room can still be read, so the run
/// begins with what is there, and says of each new snapshot that it is not written.
pub(in crate::run) fn open_snapshots(shared: &Shared) -> Result<Option<Arc<Snapshots>>, RunError> {
    if shared.snapshotting().is_none() {
        return Ok(None);
    }
    let (location, app) = (&shared.settings.snapshot.location, &shared.settings.app.id);
    let topic = shared.settings.input_name();
    let opened = match Snapshots::create(location, app, topic) {
        Err(fault @ Error::Full { .. }) => {
            warn!("{}", chain(&fault));
            Snapshots::open(location, app, topic)
        }
        created => created,
    };
    opened
        .map(|snapshots| Some(Arc::new(snapshots)))
        .map_err(|fault| {
            let text = format!("[snapshot] {}", chain(&fault));
            if fault.is_transient() {
                RunError::Temporary(text)
            } else {
                RunError::Config(text)
            }
        })
}
