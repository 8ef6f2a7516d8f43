//! What the rule table says of a customer of whom something other than an alert is told.

use holdfast_features::{Ix, Store};
use holdfast_lifecycle::Profile;
use holdfast_playbook::Choice;

use super::super::standing::if_stays;
use super::{Asked, Voice};
use crate::arm::Arm;

impl Voice {
    /// What to do about a customer: `kind` in the words of rule tables, as of an instant (ms UTC) that no event of the customer
    /// is later than. None where no rule names the kind, and of the control group, who is left alone.
    ///
    /// Neither the probability nor a feature is known: what is told beside alerts and the score each go through time by
    /// themselves, and the score of such an instant would depend on how far the other has come.
    pub(crate) fn advise(
        &self,
        (store, ix): (&Store, Ix),
        (kind, as_of): (&'static str, i64),
        profile: &dyn Fn(i64) -> Profile,
    ) -> Option<Choice> {
        let adviser = self.adviser.as_ref()?;
        let asks_of_customer = adviser.asked_of(kind)?;
        let settings = &self.settings;
        if settings.control.arm(&settings.tenant, store.id(ix)) == Arm::Control {
            return None;
        }
        let asked = Asked {
            store,
            ix,
            kind,
            as_of,
            explanation: None,
            if_stays: if_stays(&self.model, (store, ix), as_of),
            major: self.major(),
        };
        // Describing a customer is most of the work, and few rules for notices ask.
        let profile = match asks_of_customer {
            true => profile(as_of),
            false => Profile::default(),
        };
        adviser.choose(&profile, &asked)
    }
}
