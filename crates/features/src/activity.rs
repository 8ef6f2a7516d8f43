//! Which events are something the customer did, and which count each one moves.
//!
//! A campaign that was sent or a parcel that arrived says nothing about the customer being there:
//! such events are kept for lateness and tenure, but neither `last_event` nor any count sees them.
//! An abandoned cart is no act either, be it given or derived: it is what the customer did *not* do.

use crate::store::Input;
use crate::words::{Detail, Field};
use holdfast_events::EventType;

/// Whether an event of this type is an act of the customer: only those move `last_event`.
#[must_use]
pub fn is_activity(kind: EventType) -> bool {
    kind.is_by_customer() && kind != EventType::CartAbandon
}

/// The count that an event of this type adds one to; purchases have words of their own.
pub(crate) fn count_of(kind: EventType) -> Option<Field> {
    use EventType as E;
    let field = match kind {
        E::Purchase => return None,
        E::PageView | E::ProductView | E::Search | E::CartView => Field::PageViews,
        E::CartAdd => Field::CartAdds,
        E::CheckoutStart => Field::Checkouts,
        E::CartAbandon => Field::CartAbandons,
        E::SupportContact => Field::SupportContacts,
        E::EmailOpen => Field::EmailOpens,
        E::Login | E::SessionStart => Field::Sessions,
        E::FeatureUse
        | E::Watch
        | E::CheckIn
        | E::Webinar
        | E::ReportSeen
        | E::IntegrationConnected
        | E::Activate => Field::Uses,
        E::CampaignOpened
        | E::CampaignClicked
        | E::WishlistAdd
        | E::SurveyResponse
        | E::Review
        | E::Mention
        | E::Comment
        | E::Share
        | E::PollVote
        | E::ContestEntry
        | E::Publish
        | E::Referral
        | E::PeerRating => Field::Engagements,
        E::Refund => Field::Refunds,
        E::PaymentFailed => Field::PaymentFailures,
        other if is_activity(other) => Field::Others,
        _ => return None,
    };
    Some(field)
}

/// What else an event adds to its day, for statistics; nothing where the amount is 0.
pub(crate) fn details_of(input: &Input) -> [(Detail, u64); 2] {
    use EventType as E;
    let said = &input.particulars;
    let one = |detail| [(detail, 1), (detail, 0)];
    match (input.kind, said.rating) {
        (E::Purchase, _) => [
            (Detail::Lines, said.lines.into()),
            (Detail::Discount, said.discount.into()),
        ],
        (E::SurveyResponse | E::Review | E::PeerRating, Some(rating)) => {
            [(Detail::Ratings, 1), (Detail::Percents, rating.into())]
        }
        (E::SupportResolved, _) => one(Detail::Solved),
        (E::CampaignClicked, _) => one(Detail::Clicks),
        (E::OrderDelivered, _) if said.is_late => one(Detail::LateDeliveries),
        (E::OrderReturned, _) => one(Detail::Returns),
        (E::SubscriptionChange | E::SubscriptionPause, _) => one(Detail::PlanChanges),
        _ => [(Detail::Lines, 0), (Detail::Discount, 0)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_business_did_moves_no_count() {
        for &kind in EventType::ALL {
            let counted = count_of(kind).is_some() || kind == EventType::Purchase;
            let passive = matches!(kind, EventType::CartAbandon | EventType::PaymentFailed);
            assert_eq!(counted, is_activity(kind) || passive, "{kind}");
        }
    }

    #[test]
    fn unknown_type_is_activity() {
        assert!(is_activity(EventType::Other));
        assert_eq!(count_of(EventType::Other), Some(Field::Others));
    }
}
