//! A customer's history as the figures need it.

use holdfast_events::EventType;

/// One event of a customer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Act<'a> {
    /// When, ms UTC.
    pub ts: i64,
    /// What.
    pub kind: EventType,
    /// The amount in minor units, if one was sent.
    pub minor: Option<i64>,
    /// What its type says beside.
    pub said: Said<'a>,
}

/// What single types of event say beside time and amount.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Said<'a> {
    /// Nothing that a figure needs.
    #[default]
    Nothing,
    /// A purchase.
    Order {
        /// The first product.
        product: Option<&'a str>,
        /// Its category.
        category: Option<&'a str>,
        /// Whether a coupon or a discount was used.
        is_discounted: bool,
    },
    /// A `sign_up`.
    Origin {
        /// Where the customer came from.
        source: Option<&'a str>,
        /// The partner that brought the customer.
        partner: Option<&'a str>,
        /// What it cost, in minor units.
        cost: i64,
    },
    /// An event of a campaign.
    Campaign {
        /// Its name.
        campaign: Option<&'a str>,
        /// What it cost, in minor units.
        cost: i64,
    },
    /// An answer to a survey, or a review.
    Opinion {
        /// What was asked.
        question: Question,
        /// The score in millionths of its scale.
        share: Option<u32>,
        /// The answers that were chosen, as the caller numbered them; see [`Customer::choices`].
        choices: (u32, u32),
    },
    /// An event of a ticket.
    Ticket {
        /// A hash of its id.
        ticket: Option<u64>,
        /// Who spoke.
        speaker: Speaker,
    },
    /// An event of a contract, or the end of the account.
    Contract {
        /// A hash of its id.
        contract: Option<u64>,
        /// Why it ended.
        reason: Option<&'a str>,
        /// Whether the customer wanted it.
        voluntary: Option<bool>,
    },
    /// A step of a checkout.
    Checkout {
        /// Whether a stored means of payment was used.
        is_saved: bool,
        /// Clicks that it took, if they were told.
        clicks: Option<u32>,
    },
    /// A delivery.
    Delivery {
        /// A hash of the order's id.
        order: Option<u64>,
        /// Whether it came after the promised instant, where it says so itself.
        is_late: Option<bool>,
    },
    /// When an order is to arrive.
    Promise {
        /// A hash of the order's id.
        order: Option<u64>,
        /// The instant, ms UTC.
        at: i64,
    },
}

/// What a survey asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Question {
    /// Whether one would recommend.
    Nps,
    /// How content one is.
    Csat,
    /// Stars of a review.
    Stars,
    /// Something else.
    #[default]
    Other,
}

/// Who spoke in a ticket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Speaker {
    /// The customer.
    Customer,
    /// A person of the shop.
    #[default]
    Human,
    /// A machine.
    Bot,
}

/// One customer's whole history.
#[derive(Clone, Copy, Debug)]
pub struct Customer<'a> {
    /// All events by time, those of one instant in the order in which they came; duplicates are gone.
    pub acts: &'a [Act<'a>],
    /// The `source` of the customer's first event, which counts where no `sign_up` names one.
    pub source: Option<&'a str>,
    /// The answers that opinions refer to by first and last place.
    pub choices: &'a [&'a str],
}

impl<'a> Customer<'a> {
    /// Where the customer came from: as the first `sign_up` that names it says, else as the first event does.
    pub(crate) fn origin(&self) -> &'a str {
        let named = self.acts.iter().find_map(|act| match act.said {
            Said::Origin { source, .. } => source,
            _ => None,
        });
        named.or(self.source).unwrap_or(UNKNOWN)
    }

    /// Who brought the customer, as the first `sign_up` that names a partner says.
    pub(crate) fn partner(&self) -> Option<&'a str> {
        self.acts.iter().find_map(|act| match act.said {
            Said::Origin { partner, .. } => partner,
            _ => None,
        })
    }

    /// When each purchase was made, with what it cost in minor units.
    pub(crate) fn orders(&self) -> impl Iterator<Item = &'a Act<'a>> {
        self.acts
            .iter()
            .filter(|act| act.kind == EventType::Purchase)
    }
}

/// The name of what was not named.
pub(crate) const UNKNOWN: &str = "unknown";

impl Act<'_> {
    /// What it adds to revenue, in minor units: a purchase's amount, less a refund's.
    #[must_use]
    pub fn revenue(&self) -> i64 {
        revenue(self.kind, self.minor.unwrap_or(0))
    }
}

/// What an event of this type and amount adds to revenue, minor units.
pub(crate) fn revenue(kind: EventType, minor: i64) -> i64 {
    match kind {
        EventType::Purchase => minor,
        EventType::Refund => minor.saturating_neg(),
        _ => 0,
    }
}

/// Whether an event of this type may say what it cost to win a customer.
pub(crate) fn has_cost(kind: EventType) -> bool {
    kind == EventType::SignUp || kind.is_campaign()
}

/// Whether an event of this type shows that the customer is active.
pub(crate) fn is_active(kind: EventType) -> bool {
    kind.is_by_customer() && kind != EventType::CartAbandon
}
