//! By what the customer can be reached, and by what it responds.
//!
//! | heard of a channel | effect |
//! | --- | --- |
//! | unsubscribed, complained (of mails, where no channel is named) | left, until a later consent for this very channel |
//! | `consent_change` whose purpose is the channel | granted, or left |
//! | `consent_change` for marketing as a whole | holds where the channel has no later consent of its own |
//! | bounced, unless `kind`, `status` or `reason` says soft or transient | cannot be reached, until a later message arrives |
//! | sent, delivered, opened, clicked | counted |
//!
//! The best channel is the one with the highest (opened + clicked + 1) / (delivered + 2) of those that the customer has
//! not left and that can be reached; of equals the first in the order of declaration. Where nothing says that messages
//! are delivered, those that were sent and did not bounce count. Leaving one list of a channel leaves the channel: what
//! is sent by another list would reach somebody who has asked for less. Of consents the latest by their own time holds,
//! of two at one time the refusal.

use holdfast_events::{Details, EventType};
use serde::{Deserialize, Serialize};

/// By what a customer can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// E-mail.
    Email,
    /// A text message.
    Sms,
    /// A push message.
    Push,
    /// A message inside the app.
    App,
    /// A message on the website.
    Web,
    /// A call.
    Phone,
    /// A letter.
    Post,
}

/// Words of a bounce that may be none the next time.
const SOFT: [&str; 3] = ["soft", "transient", "temporary"];

/// Purposes that are messages as a whole.
const ALL_MESSAGES: [&str; 4] = ["marketing", "all", "advertising", "newsletter"];

impl Channel {
    /// Every channel, in the order of declaration.
    pub const ALL: [Self; 7] = [
        Self::Email,
        Self::Sms,
        Self::Push,
        Self::App,
        Self::Web,
        Self::Phone,
        Self::Post,
    ];

    /// The word in records and alerts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Push => "push",
            Self::App => "app",
            Self::Web => "web",
            Self::Phone => "phone",
            Self::Post => "post",
        }
    }

    /// The channel of an event's field `channel`, in either case and by its usual other names.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        const OTHERS: [(&str, Channel); 10] = [
            ("e-mail", Channel::Email),
            ("mail", Channel::Email),
            ("text", Channel::Sms),
            ("mobile_push", Channel::Push),
            ("web_push", Channel::Push),
            ("in_app", Channel::App),
            ("website", Channel::Web),
            ("call", Channel::Phone),
            ("letter", Channel::Post),
            ("direct_mail", Channel::Post),
        ];
        let own = Self::ALL
            .into_iter()
            .map(|channel| (channel.name(), channel));
        let mut all = own.chain(OTHERS);
        all.find(|(name, _)| text.eq_ignore_ascii_case(name))
            .map(|(_, channel)| channel)
    }

    /// The channel that an event of a campaign is about.
    pub(super) fn of(kind: EventType, details: Option<&Details<'_>>) -> Option<Self> {
        match kind {
            EventType::EmailOpen => Some(Self::Email),
            _ => Self::from_text(details?.channel.as_deref()?),
        }
    }
}

/// Why the customer may be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// It was asked and agreed.
    Consent,
    /// It was never asked and has not refused.
    LegitimateInterest,
}

impl Basis {
    /// The word in records and alerts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::LegitimateInterest => "legitimate_interest",
        }
    }
}

/// What was said last of a consent, and when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Consent(Option<(i64, bool)>);

impl Consent {
    pub(super) fn say(&mut self, at: i64, granted: bool) {
        let is_newer = |(held, was): (i64, bool)| at > held || at == held && was && !granted;
        if self.0.is_none_or(is_newer) {
            self.0 = Some((at, granted));
        }
    }

    pub(super) fn granted(self) -> Option<bool> {
        self.0.map(|(_, granted)| granted)
    }
}

/// What is known of one channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Tally {
    sent: u32,
    delivered: u32,
    /// Opened and clicked.
    responses: u32,
    bounced: u32,
    /// Since when messages cannot be delivered for good.
    dead_since: Option<i64>,
    consent: Consent,
}

impl Tally {
    fn hear(&mut self, kind: EventType, at: i64, is_soft: bool) {
        use EventType as E;
        match kind {
            E::CampaignSent => self.sent = self.sent.saturating_add(1),
            E::CampaignDelivered => {
                self.delivered = self.delivered.saturating_add(1);
                self.arrives(at);
            }
            E::CampaignOpened | E::EmailOpen | E::CampaignClicked => {
                self.responses = self.responses.saturating_add(1);
                self.arrives(at);
            }
            E::CampaignBounced => {
                self.bounced = self.bounced.saturating_add(1);
                if !is_soft {
                    self.dead_since = self.dead_since.max(Some(at));
                }
            }
            E::CampaignUnsubscribed | E::CampaignComplained => self.consent.say(at, false),
            _ => {}
        }
    }

    /// A message that bounced at the same instant, or before it was heard that an older one arrived, has the last word.
    fn arrives(&mut self, at: i64) {
        self.dead_since = self.dead_since.filter(|since| *since >= at);
    }

    /// Responses and messages that arrived, as a fraction that no channel lacks.
    fn rate(&self) -> (u64, u64) {
        let arrived = match self.delivered {
            0 => self.sent.saturating_sub(self.bounced),
            delivered => delivered,
        };
        (u64::from(self.responses) + 1, u64::from(arrived) + 2)
    }

    /// Why the customer may be written to here; none if it may not.
    fn basis(&self, marketing: Consent, required: bool) -> Option<Basis> {
        // Who left this channel is not brought back by a consent to marketing as a whole.
        if self.dead_since.is_some() || self.consent.granted() == Some(false) {
            return None;
        }
        let mut said = self.consent;
        if let Some((at, granted)) = marketing.0 {
            said.say(at, granted);
        }
        basis(said, required)
    }
}

fn basis(said: Consent, required: bool) -> Option<Basis> {
    match said.granted() {
        Some(true) => Some(Basis::Consent),
        None if !required => Some(Basis::LegitimateInterest),
        _ => None,
    }
}

/// What is known of a customer's channels.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Channels {
    /// In the order of declaration.
    known: Vec<(Channel, Tally)>,
    marketing: Consent,
}

impl Channels {
    fn of(&mut self, channel: Channel) -> &mut Tally {
        let at = self.known.partition_point(|(known, _)| *known < channel);
        if self
            .known
            .get(at)
            .is_none_or(|(known, _)| *known != channel)
        {
            self.known.insert(at, (channel, Tally::default()));
        }
        &mut self.known[at].1
    }

    /// An event of a campaign.
    pub(super) fn hear(&mut self, kind: EventType, at: i64, details: Option<&Details<'_>>) {
        // Who leaves a list, or complains, without saying of what, leaves the mails.
        let leaves = [
            EventType::CampaignUnsubscribed,
            EventType::CampaignComplained,
        ]
        .contains(&kind);
        let usual = leaves.then_some(Channel::Email);
        let Some(channel) = Channel::of(kind, details).or(usual) else {
            return;
        };
        let words = details.map(|details| [&details.kind, &details.status, &details.reason]);
        let is_soft = words.into_iter().flatten().flatten().any(|word| {
            // Whole words: a bounce may speak of Microsoft.
            word.split(|letter: char| !letter.is_ascii_alphabetic())
                .any(|part| SOFT.iter().any(|soft| part.eq_ignore_ascii_case(soft)))
        });
        self.of(channel).hear(kind, at, is_soft);
    }

    /// An event of type `consent_change`. Purposes that are neither a channel nor messages as a whole say nothing of them.
    /// What its `channel` says is where it was said, in a shop or on the website; only where no purpose is named does an
    /// agreement hold for that channel alone, and a refusal for all.
    pub(super) fn consent(&mut self, at: i64, details: Option<&Details<'_>>) {
        let Some((granted, details)) = details.and_then(|it| Some((it.granted?, it))) else {
            return;
        };
        let (channel, is_of_all) = match details.purpose.as_deref() {
            Some(purpose) => {
                let bare = purpose.strip_suffix("_marketing").unwrap_or(purpose);
                let is = |all: &&str| purpose.eq_ignore_ascii_case(all);
                (Channel::from_text(bare), ALL_MESSAGES.iter().any(is))
            }
            None if granted => {
                let channel = Channel::of(EventType::ConsentChange, Some(details));
                (channel, channel.is_none())
            }
            None => (None, true),
        };
        match channel {
            Some(channel) => self.of(channel).consent.say(at, granted),
            None if is_of_all => self.marketing.say(at, granted),
            None => {}
        }
    }

    /// The best channel and why it may be used; without one, why the customer may be written to at all.
    pub(super) fn best(&self, required: bool) -> (Option<Channel>, Option<Basis>) {
        let open = self.known.iter().filter_map(|(channel, tally)| {
            let basis = tally.basis(self.marketing, required)?;
            Some((*channel, basis, tally.rate()))
        });
        // The first of equals: a later one has to be better.
        let best = open.reduce(
            |best, other| match other.2.0 * best.2.1 > best.2.0 * other.2.1 {
                true => other,
                false => best,
            },
        );
        match best {
            Some((channel, basis, _)) => (Some(channel), Some(basis)),
            None => (None, basis(self.marketing, required)),
        }
    }
}
