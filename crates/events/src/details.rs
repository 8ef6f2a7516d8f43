//! The optional typed fields of an event, read on demand.
//!
//! The decoder reads only what every event needs. What single types carry beside it (a campaign's
//! cost, a survey's score, a profile's time zone) is read here, in one pass, when somebody asks. A
//! field of another kind than the table says is left out, never a reason to reject the event.

mod read;

use std::borrow::Cow;
use std::fmt;

use jiff::civil::Date;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::Name;
pub use read::{Decimal, Goods, Item};
pub(crate) use read::{Read, count_of_goods};

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident: $kind:ty,)*) => {
        /// Every optional field; absent ones are none or empty.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Details<'a> { $($(#[$doc])* pub $name: Option<$kind>,)* }

        /// The names of the optional fields, in the order of declaration.
        pub const NAMES: &[&str] = &[$(stringify!($name),)*];

        impl<'a> Details<'a> {
            /// Sets a field from raw JSON; unknown names and unfit values change nothing.
            pub(crate) fn set(&mut self, name: &str, raw: &'a str) {
                match name {
                    $(stringify!($name) => {
                        if let Some(value) = Read::from_json(raw) { self.$name = Some(value); }
                    })*
                    _ => {}
                }
            }

            /// Sets a field from text, as a mapping's value tables give it.
            pub(crate) fn set_text(&mut self, name: &str, text: Cow<'a, str>) {
                match name {
                    $(stringify!($name) => {
                        if let Some(value) = Read::from_text(text) { self.$name = Some(value); }
                    })*
                    _ => {}
                }
            }

            /// Whether there is an optional field of this name.
            fn is_known(name: &str) -> bool {
                matches!(name, $(stringify!($name))|*)
            }

            /// Whether a field of this name is set.
            #[must_use]
            pub fn has(&self, name: &str) -> bool {
                match name { $(stringify!($name) => self.$name.is_some(),)* _ => false }
            }
        }
    };
}

fields! {
    // of any type
    /// Where it happened or by what it was sent: web, app, store, email, sms, push.
    channel: Cow<'a, str>,
    /// The visit it belongs to.
    session_id: Cow<'a, str>,
    /// The account (company, household) the customer belongs to.
    account_id: Cow<'a, str>,
    /// The side of a marketplace: buyer or seller.
    role: Cow<'a, str>,
    /// What kind, for surveys, order messages, verifications.
    kind: Cow<'a, str>,
    /// Why, in the source's words.
    reason: Cow<'a, str>,
    /// How it stands or ended, in the source's words.
    status: Cow<'a, str>,
    /// Free text of a survey, review, reply. Carried, never ranked.
    text: Cow<'a, str>,
    // orders, carts, pages
    /// The order.
    order_id: Cow<'a, str>,
    /// The coupon that was used.
    coupon: Cow<'a, str>,
    /// The goods.
    items: Goods<'a>,
    /// Number of different goods.
    lines: f64,
    /// What was taken off the price, in major units of `currency`.
    discount: Decimal<'a>,
    /// The cart.
    cart_id: Cow<'a, str>,
    /// The checkout.
    checkout_id: Cow<'a, str>,
    /// The step of the checkout, by name or number.
    step: Cow<'a, str>,
    /// Whether a stored means of payment was used.
    saved_payment: bool,
    /// Clicks that it took.
    clicks: i64,
    /// The product looked at or put on a list.
    product_id: Cow<'a, str>,
    /// Its category.
    category: Cow<'a, str>,
    /// The page.
    url: Cow<'a, str>,
    /// What was searched for.
    query: Cow<'a, str>,
    /// Time the page took to load, in milliseconds.
    load_ms: i64,
    /// The instant promised for delivery, in milliseconds UTC (or RFC 3339 text).
    promised_at: Instant,
    /// Days by which a delivery came later than promised.
    late_days: f64,
    // service and opinion
    /// The ticket or chat.
    ticket_id: Cow<'a, str>,
    /// Its priority.
    priority: Cow<'a, str>,
    /// Who spoke: customer, agent.
    speaker: Cow<'a, str>,
    /// Whether a bot answered.
    bot: bool,
    /// The score given.
    score: f64,
    /// The top of the score's scale: 5, 10.
    scale: f64,
    /// The answers chosen.
    choices: Vec<Cow<'a, str>>,
    /// The mood of a review or mention: a word or a number.
    sentiment: Cow<'a, str>,
    // campaigns and origin
    /// The campaign or programme.
    campaign_id: Cow<'a, str>,
    /// What was offered.
    offer: Cow<'a, str>,
    /// What it was about.
    topic: Cow<'a, str>,
    /// The content variant sent.
    content: Cow<'a, str>,
    /// What it cost, in major units of `currency`.
    cost: Decimal<'a>,
    /// The mailing list.
    list_id: Cow<'a, str>,
    /// The experiment.
    experiment_id: Cow<'a, str>,
    /// The arm of the experiment.
    arm: Cow<'a, str>,
    /// Where the customer came from.
    source: Cow<'a, str>,
    /// By what medium.
    medium: Cow<'a, str>,
    // contracts and use
    /// The contract.
    subscription_id: Cow<'a, str>,
    /// The plan.
    plan: Cow<'a, str>,
    /// The billing period: month, year.
    period: Cow<'a, str>,
    /// The end of the paid period, in milliseconds UTC (or RFC 3339 text).
    period_end: Instant,
    /// Seats of the contract.
    seats: i64,
    /// Whether the customer wanted the end.
    voluntary: bool,
    /// The feature used.
    feature: Cow<'a, str>,
    /// The system connected.
    integration: Cow<'a, str>,
    /// The report seen.
    report_id: Cow<'a, str>,
    /// The webinar.
    webinar_id: Cow<'a, str>,
    /// Whether the webinar was attended.
    attended: bool,
    // the person
    /// The id before the visitor was known.
    anonymous_id: Cow<'a, str>,
    /// The other id of the same person.
    previous_id: Cow<'a, str>,
    /// Day of birth, `1990-02-28`.
    birthday: Date,
    /// IANA time zone: `Europe/Berlin`.
    time_zone: Cow<'a, str>,
    /// Language and country: `de-AT`.
    locale: Cow<'a, str>,
    /// The version of the application in use: `4.2.0`.
    app_version: Cow<'a, str>,
    /// Region or country.
    region: Cow<'a, str>,
    /// What a consent is for.
    purpose: Cow<'a, str>,
    /// Whether the consent was given.
    granted: bool,
    /// Who was recommended.
    referred_id: Cow<'a, str>,
    /// Points earned or spent.
    points: f64,
    /// The partner at which points were earned, or that brought the customer.
    partner: Cow<'a, str>,
    // marketplaces and content
    /// The listing.
    listing_id: Cow<'a, str>,
    /// The fee from now on, in major units of `currency` or per cent, as the source has it.
    fee: f64,
    /// The other side of a rating.
    counterpart_id: Cow<'a, str>,
    /// What was watched, shared, commented on or published.
    content_id: Cow<'a, str>,
    /// How long, in milliseconds.
    duration_ms: i64,
    /// The poll.
    poll_id: Cow<'a, str>,
    /// The contest.
    contest_id: Cow<'a, str>,
    /// The challenge.
    challenge_id: Cow<'a, str>,
}

/// Milliseconds UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub i64);

/// The optional fields of a canonical value; none if it is no JSON object in UTF-8.
///
/// Of a field that stands there twice the last one counts. For CloudEvents and mapped records see
/// [`crate::Decoder::details`].
///
/// ```
/// let value = br#"{"type":"campaign_sent","cost":0.05,"topic":"spring","bot":"no"}"#;
/// let details = holdfast_events::details(value).unwrap();
/// assert_eq!(details.topic.as_deref(), Some("spring"));
/// assert_eq!(details.cost.unwrap().minor(2), Some(5));
/// assert_eq!(details.bot, None); // not a boolean
/// ```
#[must_use]
pub fn details(value: &[u8]) -> Option<Details<'_>> {
    Details::of(std::str::from_utf8(value).ok()?)
}

impl<'a> Details<'a> {
    /// The optional fields of an object.
    pub(crate) fn of(object: &'a str) -> Option<Self> {
        let mut json = serde_json::Deserializer::from_str(object);
        let details = json.deserialize_map(Fields).ok()?;
        json.end().ok().map(|()| details)
    }

    /// Sets a field that the record left out.
    pub(crate) fn set_default(&mut self, name: &str, value: &str) {
        if !self.has(name) {
            self.set_text(name, Cow::Owned(value.to_owned()));
        }
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Details<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut details = Details::default();
        while let Some(name) = map.next_key_seed(Name)? {
            if Details::is_known(&name) {
                let raw: &'de RawValue = map.next_value()?;
                details.set(&name, raw.get());
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(details)
    }
}

#[cfg(test)]
mod tests;
