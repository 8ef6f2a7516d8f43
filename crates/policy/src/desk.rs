//! Where decisions go, and who knows more of a customer than the score does.

use holdfast_features::{Ix, Store};
use holdfast_lifecycle::Profile;
use holdfast_lifecycle::part::contract::ChurnKind;

use crate::alert::Alert;

/// Takes decisions. A closure that takes alerts is a desk that knows no more of customers.
pub trait Desk {
    /// The customer's standing as of an instant; none where nobody keeps one.
    fn profile(&self, store: &Store, ix: Ix, as_of: i64) -> Option<Profile> {
        let _ = (store, ix, as_of);
        None
    }

    /// When the customer's last contract is over if nothing comes, ms UTC, and how.
    fn leaves_at(&self, store: &Store, ix: Ix) -> Option<(i64, ChurnKind)> {
        let _ = (store, ix);
        None
    }

    /// A decision was made.
    fn take(&mut self, alert: Alert);
}

impl<F: FnMut(Alert)> Desk for F {
    fn take(&mut self, alert: Alert) {
        self(alert);
    }
}
