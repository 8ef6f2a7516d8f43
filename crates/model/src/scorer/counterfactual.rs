//! The least that would change a decision: one event, now, that brings the score below a limit.

use super::{Scorer, Scratch, probability};
use holdfast_events::{EventType, Particulars};
use holdfast_features::{Input, Ix, Store};

/// What is tried, the least effort first; each only if the model has a feature whose name begins like this, because the
/// event must have happened in training for the model to know what it means. Purchases it always knows.
const TRIED: [(EventType, &str); 9] = [
    (EventType::SupportResolved, "tickets_unresolved"),
    (EventType::EmailOpen, "email_opens_"),
    (EventType::CampaignClicked, "message_clicks_"),
    (EventType::PageView, "page_views_"),
    (EventType::SessionStart, "sessions_"),
    (EventType::FeatureUse, "uses_"),
    (EventType::CartAdd, "cart_adds_"),
    (EventType::CheckoutStart, "checkouts_"),
    (EventType::Purchase, ""),
];

/// One event, and the score that it would lead to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counterfactual {
    /// Type of the event.
    pub kind: EventType,
    /// Of a purchase: the customer's mean amount so far, in minor units; none without one.
    pub minor: Option<i64>,
    /// Probability of having left, right after it.
    pub probability: f64,
}

impl Counterfactual {
    /// What would have to happen, for people; `amount` is that of the purchase in major units.
    #[must_use]
    pub fn text(&self, amount: Option<f64>) -> String {
        let what = match (self.kind, amount) {
            (EventType::SupportResolved, _) => "a solved ticket".to_owned(),
            (EventType::EmailOpen, _) => "an opened e-mail".to_owned(),
            (EventType::CampaignClicked, _) => "a click in a message".to_owned(),
            (EventType::PageView, _) => "a look at a page".to_owned(),
            (EventType::SessionStart, _) => "a visit".to_owned(),
            (EventType::FeatureUse, _) => "one use".to_owned(),
            (EventType::CartAdd, _) => "something in the cart".to_owned(),
            (EventType::CheckoutStart, _) => "a checkout begun".to_owned(),
            (_, Some(amount)) => format!("a purchase of {amount:.2}"),
            (_, None) => "a purchase".to_owned(),
        };
        let percent = (100.0 * self.probability).round();
        format!("{what} now would bring the chance to {percent} %")
    }
}

impl Scorer {
    /// The first of a few events that would bring the log-odds below `limit` if the customer did it at `now` (ms UTC).
    ///
    /// None if none of them would, or if the score is below the limit as it is. The store is left as it was: the events
    /// are tried on a copy of the customer.
    #[must_use]
    pub fn counterfactual(
        &self,
        (store, ix): (&Store, Ix),
        now: i64,
        limit: f64,
        scratch: &mut Scratch,
    ) -> Option<Counterfactual> {
        if self.log_odds(store, ix, now, scratch) < limit {
            return None;
        }
        TRIED
            .iter()
            .filter(|(_, feature)| self.has(feature))
            .find_map(|(kind, _)| {
                let (mut copy, own) = store.alone(ix)?;
                let usual = || store.mean_purchase_minor(ix);
                let minor = (*kind == EventType::Purchase).then(usual).flatten();
                let input = Input {
                    kind: *kind,
                    ts: now,
                    minor,
                    id_hash: 0,
                    particulars: Particulars::default(),
                };
                copy.apply(own, &input);
                let log_odds = self.log_odds(&copy, own, now, scratch);
                (log_odds < limit).then(|| Counterfactual {
                    kind: *kind,
                    minor,
                    probability: probability(log_odds),
                })
            })
    }

    fn has(&self, prefix: &str) -> bool {
        let mut names = self.ids.iter().map(|id| id.describe().name);
        prefix.is_empty() || names.any(|name| name.starts_with(prefix))
    }
}
