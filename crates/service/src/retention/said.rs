//! What single types of event say beside time and amount, with numbers in the place of names.

use std::collections::HashMap;

use holdfast_events::{Details, Event, EventType};
use holdfast_reports::{Question, Said, Speaker};
use xxhash_rust::xxh3::xxh3_64;

/// Names by number; 0 is no name.
pub(super) struct Names {
    numbers: HashMap<Box<str>, u32>,
    list: Vec<Box<str>>,
    /// Answers that were chosen, all of an opinion side by side.
    chosen: Vec<u32>,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            numbers: HashMap::new(),
            list: vec!["".into()],
            chosen: Vec::new(),
        }
    }
}

impl Names {
    pub(super) fn number(&mut self, name: Option<&str>) -> u32 {
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            return 0;
        };
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.list.len() as u32;
        self.numbers.insert(name.into(), number);
        self.list.push(name.into());
        number
    }

    pub(super) fn list(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(AsRef::as_ref)
    }

    pub(super) fn choices(&self) -> Vec<&str> {
        let names = self.chosen.iter();
        names.map(|name| &*self.list[*name as usize]).collect()
    }

    fn choose(&mut self, details: &Details<'_>) -> (u32, u32) {
        let from = self.chosen.len() as u32;
        for choice in details.choices.iter().flatten() {
            let number = self.number(Some(choice));
            self.chosen.push(number);
        }
        (from, self.chosen.len() as u32)
    }
}

/// As [`Said`].
#[derive(Clone, Copy)]
pub(super) enum Stored {
    Nothing,
    Order {
        product: u32,
        category: u32,
        is_discounted: bool,
    },
    Origin {
        source: u32,
        partner: u32,
        cost: i64,
    },
    Campaign {
        campaign: u32,
        cost: i64,
    },
    Opinion {
        question: Question,
        share: Option<u32>,
        choices: (u32, u32),
    },
    Ticket {
        ticket: Option<u64>,
        speaker: Speaker,
    },
    Contract {
        contract: Option<u64>,
        reason: u32,
        voluntary: Option<bool>,
    },
    Checkout {
        is_saved: bool,
        clicks: Option<u32>,
    },
    Delivery {
        order: Option<u64>,
        is_late: Option<bool>,
    },
    Promise {
        order: Option<u64>,
        at: i64,
    },
}

/// Whether the details of an event of this type are needed.
pub(super) fn needs_details(kind: EventType) -> bool {
    use EventType as E;
    matches!(
        kind,
        E::Purchase | E::SignUp | E::OrderPromised | E::OrderDelivered
    ) || {
        kind.is_campaign()
            || is_ticket(kind)
            || is_opinion(kind)
            || is_checkout(kind)
            || is_contract(kind)
    }
}

fn is_checkout(kind: EventType) -> bool {
    matches!(kind, EventType::CheckoutStart | EventType::CheckoutStep)
}

fn is_ticket(kind: EventType) -> bool {
    use EventType as E;
    matches!(
        kind,
        E::SupportContact | E::SupportReply | E::SupportResolved
    )
}

/// Whether it is about a contract, or ends all of them.
pub(crate) fn is_contract(kind: EventType) -> bool {
    kind.is_subscription() || kind == EventType::AccountClosed
}

pub(crate) fn is_opinion(kind: EventType) -> bool {
    matches!(kind, EventType::SurveyResponse | EventType::Review)
}

impl Stored {
    /// What an event says, its cost in minor units of so many decimals.
    pub(super) fn of(
        event: &Event<'_>,
        details: &Details<'_>,
        exponent: u8,
        names: &mut Names,
    ) -> Self {
        use EventType as E;
        let cost = || cost(details, exponent).unwrap_or(0);
        match event.kind {
            E::Purchase => Self::order(event, details, names),
            E::SignUp => Self::Origin {
                source: names.number(details.source.as_deref()),
                partner: names.number(details.partner.as_deref()),
                cost: cost(),
            },
            E::OrderDelivered => {
                let says = details.promised_at.is_some() || details.late_days.is_some();
                Self::Delivery {
                    order: details.order_id.as_deref().map(hash),
                    is_late: says.then_some(event.particulars.is_late),
                }
            }
            E::OrderPromised => match details.promised_at {
                Some(at) => Self::Promise {
                    order: details.order_id.as_deref().map(hash),
                    at: at.0,
                },
                None => Self::Nothing,
            },
            kind if is_checkout(kind) => Self::Checkout {
                is_saved: details.saved_payment == Some(true),
                clicks: details.clicks.and_then(|clicks| u32::try_from(clicks).ok()),
            },
            kind if kind.is_campaign() => Self::Campaign {
                campaign: names.number(details.campaign_id.as_deref()),
                cost: cost(),
            },
            kind if is_opinion(kind) => Self::Opinion {
                question: question(kind, details),
                share: share(kind, details),
                choices: names.choose(details),
            },
            kind if is_ticket(kind) => Self::Ticket {
                ticket: details.ticket_id.as_deref().map(hash),
                speaker: speaker(details),
            },
            kind if is_contract(kind) => Self::Contract {
                contract: details.subscription_id.as_deref().map(hash),
                reason: names.number(details.reason.as_deref()),
                voluntary: details.voluntary,
            },
            _ => Self::Nothing,
        }
    }

    fn order(event: &Event<'_>, details: &Details<'_>, names: &mut Names) -> Self {
        let goods = details.items.as_ref();
        let first = goods.and_then(|goods| goods.list.first());
        let product = first.and_then(|item| item.product_id.as_deref());
        let category = first.and_then(|item| item.category.as_deref());
        Self::Order {
            product: names.number(product.or(details.product_id.as_deref())),
            category: names.number(category.or(details.category.as_deref())),
            is_discounted: details.coupon.is_some() || event.particulars.discount > 0,
        }
    }

    /// Changes a cost.
    pub(super) fn rescale(&mut self, change: impl Fn(i64) -> i64) {
        if let Self::Origin { cost, .. } | Self::Campaign { cost, .. } = self {
            *cost = change(*cost);
        }
    }

    /// With the names.
    pub(super) fn with<'n>(self, names: &[&'n str]) -> Said<'n> {
        let name = |number: u32| {
            names
                .get(number as usize)
                .copied()
                .filter(|n| !n.is_empty())
        };
        match self {
            Self::Nothing => Said::Nothing,
            Self::Order {
                product,
                category,
                is_discounted,
            } => Said::Order {
                product: name(product),
                category: name(category),
                is_discounted,
            },
            Self::Origin {
                source,
                partner,
                cost,
            } => Said::Origin {
                source: name(source),
                partner: name(partner),
                cost,
            },
            Self::Campaign { campaign, cost } => Said::Campaign {
                campaign: name(campaign),
                cost,
            },
            Self::Opinion {
                question,
                share,
                choices,
            } => Said::Opinion {
                question,
                share,
                choices,
            },
            Self::Ticket { ticket, speaker } => Said::Ticket { ticket, speaker },
            Self::Contract {
                contract,
                reason,
                voluntary,
            } => Said::Contract {
                contract,
                reason: name(reason),
                voluntary,
            },
            Self::Checkout { is_saved, clicks } => Said::Checkout { is_saved, clicks },
            Self::Delivery { order, is_late } => Said::Delivery { order, is_late },
            Self::Promise { order, at } => Said::Promise { order, at },
        }
    }
}

pub(crate) fn hash(id: &str) -> u64 {
    xxh3_64(id.as_bytes())
}

fn speaker(details: &Details<'_>) -> Speaker {
    let named = |name: &str| {
        let speaker = details.speaker.as_deref();
        speaker.is_some_and(|speaker| speaker.eq_ignore_ascii_case(name))
    };
    if details.bot == Some(true) || named("bot") {
        Speaker::Bot
    } else if named("customer") {
        Speaker::Customer
    } else {
        Speaker::Human
    }
}

/// What it cost, minor units of so many decimals.
pub(crate) fn cost(details: &Details<'_>, exponent: u8) -> Option<i64> {
    details.cost.as_ref()?.minor(exponent)
}

pub(crate) fn question(kind: EventType, details: &Details<'_>) -> Question {
    let asked = |name: &str| {
        let kind = details.kind.as_deref();
        kind.is_some_and(|kind| kind.eq_ignore_ascii_case(name))
    };
    match kind {
        EventType::Review => Question::Stars,
        _ if asked("nps") => Question::Nps,
        _ if asked("csat") => Question::Csat,
        _ => Question::Other,
    }
}

/// The score in millionths of its scale; none for one that is not on it. Without a scale, recommending is asked on
/// 10 and all else on 5.
pub(crate) fn share(kind: EventType, details: &Details<'_>) -> Option<u32> {
    let usual = match question(kind, details) {
        Question::Nps => 10.0,
        _ => 5.0,
    };
    let (score, scale) = (details.score?, details.scale.unwrap_or(usual));
    let fits = scale > 0.0 && (0.0..=scale).contains(&score);
    fits.then(|| libm::round(score / scale * 1e6) as u32)
}
