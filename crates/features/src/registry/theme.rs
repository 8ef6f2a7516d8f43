//! What a feature is about: features that tell of the same thing move together, and are one reason.

use super::{Feature, Kind, Life, Served};
use crate::stats::Occasion;
use crate::words::Field;

/// What a group of features is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// Silence, and the customer's own rhythm.
    Rhythm,
    /// How often the customer buys.
    Frequency,
    /// What is spent.
    Money,
    /// Since when.
    Tenure,
    /// Visits, use and e-mails.
    Engagement,
    /// Carts and checkouts.
    Carts,
    /// Support contacts.
    Support,
    /// Failed payments.
    Payments,
    /// Money given back.
    Refunds,
    /// Deliveries.
    Delivery,
    /// Ratings.
    Feedback,
    /// Changes of a contract.
    Contract,
    /// The time of the year: no feature's.
    Season,
}

impl Theme {
    /// The word in alerts and rule tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rhythm => "rhythm",
            Self::Frequency => "frequency",
            Self::Money => "money",
            Self::Tenure => "tenure",
            Self::Engagement => "engagement",
            Self::Carts => "carts",
            Self::Support => "support",
            Self::Payments => "payments",
            Self::Refunds => "refunds",
            Self::Delivery => "delivery",
            Self::Feedback => "feedback",
            Self::Contract => "contract",
            Self::Season => "season",
        }
    }

    /// Every theme of a feature.
    pub const ALL: [Self; 12] = [
        Self::Rhythm,
        Self::Frequency,
        Self::Money,
        Self::Tenure,
        Self::Engagement,
        Self::Carts,
        Self::Support,
        Self::Payments,
        Self::Refunds,
        Self::Delivery,
        Self::Feedback,
        Self::Contract,
    ];

    /// A short heading for people.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Self::Rhythm => "silence and rhythm",
            Self::Frequency => "how often",
            Self::Money => "money spent",
            Self::Tenure => "time as a customer",
            Self::Engagement => "visits and use",
            Self::Carts => "carts",
            Self::Support => "support",
            Self::Payments => "failed payments",
            Self::Refunds => "refunds",
            Self::Delivery => "deliveries",
            Self::Feedback => "ratings",
            Self::Contract => "contract",
            Self::Season => "time of the year",
        }
    }
}

impl Feature {
    /// What it is about.
    #[must_use]
    pub fn theme(&self) -> Theme {
        match self.kind {
            Kind::SinceEvent
            | Kind::SincePurchase
            | Kind::GapMean
            | Kind::GapSd
            | Kind::UsualGap
            | Kind::RecencyOverGap
            | Kind::GapZ => Theme::Rhythm,
            Kind::Purchases(_)
            | Kind::PurchaseDays(_)
            | Kind::PurchasesTotal
            | Kind::PurchaseDaysTotal
            | Kind::PurchaseRate
            | Kind::DaysPerPurchaseDay
            | Kind::PurchaseTrend(_) => Theme::Frequency,
            Kind::Spend(_) | Kind::SpendTotal | Kind::MeanOrder | Kind::SpendTrend(_) => {
                Theme::Money
            }
            Kind::Tenure | Kind::SinceFirstPurchase => Theme::Tenure,
            Kind::Activity(_) | Kind::ActivityTrend(_) => Theme::Engagement,
            Kind::RefundShare => Theme::Refunds,
            Kind::Count(field, _) => of_field(field),
            Kind::Life(occasion, life) => of_life(occasion, life),
        }
    }
}

fn of_field(field: Field) -> Theme {
    match field {
        Field::PageViews
        | Field::EmailOpens
        | Field::Uses
        | Field::Sessions
        | Field::Engagements
        | Field::Others => Theme::Engagement,
        Field::Checkouts | Field::CartAdds | Field::CartAbandons => Theme::Carts,
        Field::SupportContacts => Theme::Support,
        Field::Refunds => Theme::Refunds,
        Field::PaymentFailures => Theme::Payments,
    }
}

fn of_life(occasion: Option<Occasion>, life: Life) -> Theme {
    match life {
        Life::UsualGap
        | Life::GapSpread
        | Life::SilenceZ
        | Life::SilenceOverMean
        | Life::SilenceOverLongest
        | Life::RecentGaps
        | Life::LastGap
        | Life::WeekendShare
        | Life::NoneExpected
        | Life::StillThere => Theme::Rhythm,
        // Active days are visits, not purchases.
        Life::Occasions | Life::Days(_) | Life::Rate(_) | Life::Pace(_) | Life::RateEver => {
            match occasion {
                Some(Occasion::Activity) => Theme::Engagement,
                _ => Theme::Frequency,
            }
        }
        Life::OrdersPerDay => Theme::Frequency,
        Life::UsualOrder
        | Life::OrderSpread
        | Life::LastOrder
        | Life::Spent(_)
        | Life::SpentPerDay => Theme::Money,
        Life::Refunds => Theme::Refunds,
        Life::Others => Theme::Engagement,
        Life::Served(served) => of_served(served),
    }
}

fn of_served(served: Served) -> Theme {
    match served {
        Served::LinesPerOrder | Served::DiscountShare => Theme::Money,
        Served::Unresolved | Served::FirstContacts => Theme::Support,
        Served::Ratings | Served::Shortfall | Served::FirstShortfall => Theme::Feedback,
        Served::Clicks => Theme::Engagement,
        Served::Late | Served::FirstLate => Theme::Delivery,
        Served::PlanChanges => Theme::Contract,
        Served::FirstRefunds => Theme::Refunds,
    }
}
