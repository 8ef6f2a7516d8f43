//! What the customer has been through: service, deliveries, opinions, and whether anybody wrote.

use holdfast_lifecycle::Profile;
use holdfast_lifecycle::part::feedback::{NpsGroup, Signed};
use serde::Serialize;

/// As of the alert; counts of days are those of the last 30.
#[derive(Clone, Serialize)]
pub(super) struct Experience {
    flags: Vec<&'static str>,
    open_tickets: u32,
    tickets_per_order: Option<f64>,
    orders_without_message: u32,
    late_deliveries: u32,
    returns: u32,
    nps_group: Option<NpsGroup>,
    mentions: Days,
    reviews: Days,
    mails: Days,
    slow_page_days: u32,
    engagement_kinds: u32,
}

/// Days on which something good or something bad was said.
#[derive(Clone, Copy, Serialize)]
struct Days {
    good: u32,
    bad: u32,
}

impl Days {
    fn of(signed: Signed) -> Self {
        Self {
            good: signed.good,
            bad: signed.bad,
        }
    }
}

impl Experience {
    pub(super) fn new(profile: &Profile) -> Self {
        let (service, orders, said) = (&profile.service, &profile.orders, &profile.feedback);
        let nps_group = said.nps.map(|answer| answer.nps_group());
        Self {
            flags: flags(profile, nps_group),
            open_tickets: service.open_tickets,
            tickets_per_order: service.tickets_per_order,
            orders_without_message: orders.without_follow_up,
            late_deliveries: orders.late_deliveries,
            returns: orders.returns,
            nps_group,
            mentions: Days::of(said.mentions),
            reviews: Days::of(said.reviews),
            mails: Days::of(said.mails),
            slow_page_days: said.slow_pages,
            engagement_kinds: said.breadth,
        }
    }
}

/// What of it speaks against the business, worst first.
fn flags(profile: &Profile, nps_group: Option<NpsGroup>) -> Vec<&'static str> {
    let (service, orders, said) = (&profile.service, &profile.orders, &profile.feedback);
    let all = [
        ("slow_reply", service.slow_reply),
        ("open_ticket", service.open_tickets > 0),
        (
            "late_delivery",
            orders.last_late_days.is_some_and(|days| days > 0.0),
        ),
        ("detractor", nps_group == Some(NpsGroup::Detractor)),
        ("bad_mention", said.mentions.bad + said.reviews.bad > 0),
        ("bad_mail", said.mails.bad > 0),
        ("no_order_message", orders.without_follow_up > 0),
        ("slow_pages", said.slow_pages > 0),
        ("asked_but_silent", said.is_silent),
        ("business_quiet", profile.silence.is_business_quiet),
    ];
    let raised = all.into_iter().filter(|(_, is_raised)| *is_raised);
    raised.map(|(flag, _)| flag).collect()
}
