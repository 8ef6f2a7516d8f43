//! The features that are sums over windows: fifteen families over three windows.

use super::Transform::Log1p;
use super::sentence::Sentence;
use super::table::counted;
use super::{Feature, Kind, Window};
use crate::words::Field;

macro_rules! kind {
    (Count $field:ident, $window:ident) => {
        Kind::Count(Field::$field, Window::$window)
    };
    ($kind:ident, $window:ident) => {
        Kind::$kind(Window::$window)
    };
}

/// One feature over one window. What is counted comes as (one of them, many of them).
macro_rules! over {
    ($days:literal, $window:ident, $name:literal, $unit:literal, $what:literal, $sentence:expr, $source:literal,
     $($kind:ident)+) => {
        Feature {
            name: concat!($name, "_", $days, "d"),
            unit: $unit,
            formula: concat!($what, ", sum over the ", $days, " UTC days that end with today"),
            source: $source,
            transform: Log1p,
            sentence: $sentence,
            kind: kind!($($kind)+, $window),
        }
    };
}

macro_rules! counted_over {
    ($one:literal, $many:literal, $days:literal) => {
        counted(
            concat!("no ", $many, " in the last ", $days, " days"),
            concat!("1 ", $one, " in the last ", $days, " days"),
            concat!("{value} ", $many, " in the last ", $days, " days"),
        )
    };
}

macro_rules! spent_over {
    ($days:literal) => {
        Sentence::Money {
            none: concat!("nothing spent in the last ", $days, " days"),
            some: concat!("{value} spent in the last ", $days, " days"),
        }
    };
}

/// One feature over all three windows.
macro_rules! family {
    ($($kind:ident)+, $name:literal, $unit:literal, ($one:literal, $many:literal), $source:literal) => {
        [
            over!("7", Days7, $name, $unit, $many, counted_over!($one, $many, "7"), $source, $($kind)+),
            over!("30", Days30, $name, $unit, $many, counted_over!($one, $many, "30"), $source, $($kind)+),
            over!("90", Days90, $name, $unit, $many, counted_over!($one, $many, "90"), $source, $($kind)+),
        ]
    };
}

const SPEND: [Feature; 3] = [
    over!(
        "7",
        Days7,
        "spend",
        "currency",
        "spent on purchases",
        spent_over!("7"),
        "purchase (amount)",
        Spend
    ),
    over!(
        "30",
        Days30,
        "spend",
        "currency",
        "spent on purchases",
        spent_over!("30"),
        "purchase (amount)",
        Spend
    ),
    over!(
        "90",
        Days90,
        "spend",
        "currency",
        "spent on purchases",
        spent_over!("90"),
        "purchase (amount)",
        Spend
    ),
];

pub(super) const FAMILIES: [[Feature; 3]; 15] = [
    family!(
        Purchases,
        "purchases",
        "purchases",
        ("purchase", "purchases"),
        "purchase"
    ),
    family!(
        PurchaseDays,
        "purchase_days",
        "days",
        ("day with a purchase", "days with a purchase"),
        "purchase"
    ),
    SPEND,
    family!(Count SupportContacts, "support_contacts", "events", ("support contact", "support contacts"), "support_contact"),
    family!(
        Count CartAbandons, "cart_abandons", "events", ("abandoned cart", "abandoned carts"),
        "cart_abandon; or cart_add, checkout_start, checkout_step and no purchase, by timer"
    ),
    family!(
        Count PageViews, "page_views", "events", ("page view", "page views"),
        "page_view, product_view, search, cart_view"
    ),
    family!(Count CartAdds, "cart_adds", "events", ("item put into the cart", "items put into the cart"), "cart_add"),
    family!(Count Checkouts, "checkouts", "events", ("checkout begun", "checkouts begun"), "checkout_start"),
    family!(
        Count EmailOpens, "email_opens", "events", ("e-mail opened", "e-mails opened"),
        "email_open, campaign_opened on channel email"
    ),
    family!(Count Sessions, "sessions", "events", ("visit", "visits"), "login, session_start"),
    family!(
        Count Uses, "uses", "events", ("use of the product", "uses of the product"),
        "feature_use, watch, check_in, webinar, report_seen, integration_connected, activate"
    ),
    family!(
        Count Engagements, "engagements", "events", ("sign of engagement", "signs of engagement"),
        "review, survey_response, comment, share, mention, poll_vote, contest_entry, publish, \
         referral, peer_rating, wishlist_add, campaign_opened, campaign_clicked"
    ),
    family!(Count Refunds, "refunds", "events", ("refund", "refunds"), "refund"),
    family!(
        Count PaymentFailures, "payment_failures", "events", ("failed payment", "failed payments"), "payment_failed"
    ),
    family!(
        Activity,
        "activity",
        "events",
        ("action of any kind", "actions of any kind"),
        "all that the customer did, but refunds and abandoned carts"
    ),
];
