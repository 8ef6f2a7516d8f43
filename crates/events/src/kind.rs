//! The vocabulary: every event type that has a meaning of its own.

use std::fmt;

macro_rules! vocabulary {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What happened. [`EventType::name`] is the word in the JSON field `type`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum EventType {
            $($(#[$doc])* $variant,)*
            /// A type that is not in the vocabulary: counts as activity.
            Other,
        }

        impl EventType {
            /// Every type, [`EventType::Other`] last.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)* Self::Other];

            const NAMES: &'static [&'static str] = &[$($name,)* "other"];
        }
    };
}

vocabulary! {
    // the usual stream of a shop
    /// Money came in: `amount`, `currency`, `order_id`, `coupon`, `items`.
    Purchase = "purchase",
    /// Money went back, in whole or in part; the amount is positive.
    Refund = "refund",
    /// A page was seen: `url`, `load_ms`.
    PageView = "page_view",
    /// A product's page was seen: `product_id`, `category`.
    ProductView = "product_view",
    /// The shop was searched: `query`.
    Search = "search",
    /// A product was put on a wish list.
    WishlistAdd = "wishlist_add",
    /// Something was put into the cart: `cart_id`, `items`.
    CartAdd = "cart_add",
    /// Something was taken out of the cart.
    CartRemove = "cart_remove",
    /// The cart was looked at.
    CartView = "cart_view",
    /// The cart was left, as told by the source (see also abandons derived by timer).
    CartAbandon = "cart_abandon",
    /// The checkout was begun: `checkout_id`, `saved_payment`.
    CheckoutStart = "checkout_start",
    /// A step of the checkout was done: `step`, `clicks`.
    CheckoutStep = "checkout_step",
    // service and opinion
    /// A customer asked for help or complained: `ticket_id`, `priority`, `bot`.
    SupportContact = "support_contact",
    /// Somebody answered in a ticket: `speaker`, `bot`.
    SupportReply = "support_reply",
    /// A ticket was solved.
    SupportResolved = "support_resolved",
    /// An answer to a survey: `kind`, `score`, `scale`, `text`, `choices`.
    SurveyResponse = "survey_response",
    /// A review was written: `score`, `sentiment`.
    Review = "review",
    /// A mention elsewhere: `sentiment`.
    Mention = "mention",
    // campaigns
    /// A message was sent: `campaign_id`, `channel`, `cost`, `offer`, `topic`, `content`.
    CampaignSent = "campaign_sent",
    /// A message arrived.
    CampaignDelivered = "campaign_delivered",
    /// A message was opened, on a channel other than e-mail.
    CampaignOpened = "campaign_opened",
    /// An e-mail was opened: `email_open`, or `campaign_opened` with channel `email`.
    EmailOpen = "email_open",
    /// A link in a message was followed.
    CampaignClicked = "campaign_clicked",
    /// A message could not be delivered.
    CampaignBounced = "campaign_bounced",
    /// A message was marked as spam.
    CampaignComplained = "campaign_complained",
    /// The customer left a mailing list: `list_id`. Not the end of a contract.
    CampaignUnsubscribed = "campaign_unsubscribed",
    /// What the campaign was for happened: `order_id`.
    CampaignConverted = "campaign_converted",
    // contracts
    /// A contract began: `subscription_id`, `plan`, `period`, `period_end`, `seats`.
    SubscriptionStart = "subscription_start",
    /// A contract went on for another period.
    SubscriptionRenew = "subscription_renew",
    /// Plan or seats changed.
    SubscriptionChange = "subscription_change",
    /// The contract rests.
    SubscriptionPause = "subscription_pause",
    /// The contract was ended: `reason`, `voluntary`.
    SubscriptionCancel = "subscription_cancel",
    /// The contract ran out.
    SubscriptionExpire = "subscription_expire",
    /// A payment did not go through.
    PaymentFailed = "payment_failed",
    // use
    /// Signed in.
    Login = "login",
    /// A visit began: `session_id`.
    SessionStart = "session_start",
    /// A feature was used: `feature`, `account_id`.
    FeatureUse = "feature_use",
    /// An account was made: `source`, `campaign_id`, `medium`, `cost`.
    SignUp = "sign_up",
    /// First value was reached.
    Activate = "activate",
    // orders
    /// A delivery date was promised: `order_id`, `promised_at`.
    OrderPromised = "order_promised",
    /// An order arrived: `order_id`.
    OrderDelivered = "order_delivered",
    /// Goods came back: `order_id`, `reason`.
    OrderReturned = "order_returned",
    /// A message about an order: `kind` is confirmation, thanks, guide, rating request and so on.
    OrderMessage = "order_message",
    // the person
    /// Consent was given or withdrawn: `purpose`, `granted`.
    ConsentChange = "consent_change",
    /// Forget this customer, as of `ts`. Never an event: decoding gives an erasure.
    PrivacyDelete = "privacy_delete",
    /// A visitor became known: `anonymous_id`.
    Identify = "identify",
    /// Two ids are one person: `previous_id`.
    Alias = "alias",
    /// The profile changed: `birthday`, `time_zone`, `locale`, `region`.
    ProfileUpdate = "profile_update",
    /// The account was closed.
    AccountClosed = "account_closed",
    /// Somebody was recommended: `referred_id`.
    Referral = "referral",
    /// Points came in: `points`, `partner`.
    PointsEarned = "points_earned",
    /// Points were spent: `points`, `partner`.
    PointsRedeemed = "points_redeemed",
    // marketplaces
    /// Something was offered for sale: `listing_id`.
    Listing = "listing",
    /// A fee changed: `fee`.
    FeeChange = "fee_change",
    /// One side rated the other: `score`, `counterpart_id`.
    PeerRating = "peer_rating",
    /// Identity or goods were verified: `status`.
    Verification = "verification",
    // content and community
    /// Something was watched or read: `content_id`, `duration_ms`.
    Watch = "watch",
    /// A comment was written.
    Comment = "comment",
    /// Something was shared.
    Share = "share",
    /// A poll was answered: `choices`.
    PollVote = "poll_vote",
    /// A contest was entered.
    ContestEntry = "contest_entry",
    /// Something was published: `content_id`.
    Publish = "publish",
    /// A challenge's daily step was done: `challenge_id`.
    CheckIn = "check_in",
    /// A webinar was joined: `webinar_id`, `attended`.
    Webinar = "webinar",
    /// Another system was connected: `integration`.
    IntegrationConnected = "integration_connected",
    /// A usage report was seen: `report_id`.
    ReportSeen = "report_seen",
    /// The customer met an experiment: `experiment_id`, `arm`.
    ExperimentExposure = "experiment_exposure",
}

impl EventType {
    /// The word in the JSON field `type`; "other" for [`EventType::Other`].
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The type of this name; none if it is not in the vocabulary ("other" is not).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::from_bytes(name.as_bytes())
    }

    pub(crate) fn from_bytes(name: &[u8]) -> Option<Self> {
        let mut slot = spread(name);
        loop {
            let kind = *Self::ALL.get(usize::from(TABLE[slot]))?;
            if kind.name().as_bytes() == name {
                return Some(kind);
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    /// The known name closest to a misspelt one, for messages to people.
    #[must_use]
    pub fn nearest(name: &str) -> &'static str {
        let known = Self::ALL
            .iter()
            .filter(|k| **k != Self::Other)
            .map(|k| k.name());
        known
            .max_by(|a, b| similarity(name, a).total_cmp(&similarity(name, b)))
            .unwrap_or("purchase")
    }

    /// Whether duplicates are dropped: types that carry money or change a contract.
    #[must_use]
    pub fn is_deduplicated(self) -> bool {
        self.carries_money() || matches!(self, Self::PointsEarned | Self::PointsRedeemed)
    }

    /// Whether the amount is money paid or given back, so that its currency matters.
    #[must_use]
    pub fn carries_money(self) -> bool {
        matches!(self, Self::Purchase | Self::Refund) || self.is_subscription()
    }

    /// Whether it starts, changes or ends a contract.
    #[must_use]
    pub fn is_subscription(self) -> bool {
        matches!(
            self,
            Self::SubscriptionStart
                | Self::SubscriptionRenew
                | Self::SubscriptionChange
                | Self::SubscriptionPause
                | Self::SubscriptionCancel
                | Self::SubscriptionExpire
        )
    }

    /// Whether it is about a campaign's message.
    #[must_use]
    pub fn is_campaign(self) -> bool {
        matches!(
            self,
            Self::CampaignSent
                | Self::CampaignDelivered
                | Self::CampaignOpened
                | Self::EmailOpen
                | Self::CampaignClicked
                | Self::CampaignBounced
                | Self::CampaignComplained
                | Self::CampaignUnsubscribed
                | Self::CampaignConverted
        )
    }

    /// Whether the customer did it. A message the business sent, an answer it gave or a contract
    /// that ran out by itself says nothing about the customer being there.
    #[must_use]
    pub fn is_by_customer(self) -> bool {
        !matches!(
            self,
            Self::CampaignSent
                | Self::CampaignDelivered
                | Self::CampaignBounced
                | Self::SupportReply
                | Self::SupportResolved
                | Self::OrderPromised
                | Self::OrderDelivered
                | Self::OrderMessage
                | Self::SubscriptionExpire
                | Self::PaymentFailed
                | Self::FeeChange
                | Self::ExperimentExposure
                | Self::Alias
                | Self::PrivacyDelete
        )
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn similarity(a: &str, b: &str) -> f64 {
    strsim::jaro_winkler(a, b)
}

/// Slots of the name table: a power of two, four times the vocabulary, so that probes stay short.
const SLOTS: usize = 256;
const EMPTY: u8 = u8::MAX;

/// Name to type without comparing each name in turn: the decoder asks once per event.
static TABLE: [u8; SLOTS] = name_table();

const fn name_table() -> [u8; SLOTS] {
    let mut table = [EMPTY; SLOTS];
    let mut at = 0;
    while at + 1 < EventType::NAMES.len() {
        let mut slot = spread(EventType::NAMES[at].as_bytes());
        while table[slot] != EMPTY {
            slot = (slot + 1) % SLOTS;
        }
        table[slot] = at as u8;
        at += 1;
    }
    table
}

/// A slot from the length and three letters.
const fn spread(name: &[u8]) -> usize {
    if name.is_empty() {
        return 0;
    }
    let (first, mid, last) = (name[0], name[name.len() / 2], name[name.len() - 1]);
    name.len()
        .wrapping_mul(37)
        .wrapping_add((first as usize).wrapping_mul(7))
        .wrapping_add((mid as usize).wrapping_mul(31))
        .wrapping_add((last as usize).wrapping_mul(101))
        % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_type() {
        for &kind in EventType::ALL {
            let expected = (kind != EventType::Other).then_some(kind);
            assert_eq!(EventType::from_name(kind.name()), expected);
        }
        for name in ["", "Purchase", "purchas", "purchasee", "other", "\u{1F6D2}"] {
            assert_eq!(EventType::from_name(name), None, "{name:?}");
        }
    }

    #[test]
    fn names_are_snake_case_and_unique() {
        let mut names: Vec<_> = EventType::ALL.iter().map(|k| k.name()).collect();
        assert!(
            names
                .iter()
                .all(|n| n.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        );
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), EventType::ALL.len());
    }

    #[test]
    fn table_has_room_and_short_probes() {
        let worst = (0..EventType::ALL.len() - 1).map(|at| {
            let home = spread(EventType::NAMES[at].as_bytes());
            let slot = TABLE.iter().position(|&t| usize::from(t) == at).unwrap();
            (slot + SLOTS - home) % SLOTS
        });
        assert!(worst.max().unwrap() <= 4);
    }

    #[test]
    fn misspelt_name_finds_its_neighbour() {
        assert_eq!(EventType::nearest("purchse"), "purchase");
        assert_eq!(
            EventType::nearest("subscription_cancelled"),
            "subscription_cancel"
        );
    }
}
