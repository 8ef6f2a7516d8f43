//! Keys of what is told beside alerts.

use super::{Key, key};

pub(super) const TOLD: &[Key] = &[
    key(
        "lifecycle.enabled",
        "true",
        "tell of segments, lapses, carts and what else customers go through, beside alerts",
    ),
    key(
        "lifecycle.dwell",
        "\"1d\"",
        "after a change of segment was told, none is for this long",
    ),
    key(
        "lifecycle.dormant_gaps",
        "3.0",
        "a customer is dormant when silent for this many times the own median gap",
    ),
    key(
        "lifecycle.activation",
        "[\"activate\", \"purchase\"]",
        "types of events that are first value to who has signed up",
    ),
    key(
        "lifecycle.activation_within",
        "\"7d\"",
        "first value is late when so long after the sign-up",
    ),
    key(
        "lifecycle.renewal_grace",
        "\"3d\"",
        "a contract counts as not renewed so long after the end of its period",
    ),
    key(
        "lifecycle.points_step",
        "1000",
        "a reward is due whenever the points earned reach a multiple of this; 0 is never",
    ),
    key(
        "lifecycle.nps_after",
        "\"7d\"",
        "how long a customer has what it bought before it is asked how it likes it",
    ),
    key(
        "lifecycle.follow_up_within",
        "\"3d\"",
        "messages that follow an order should have come by then",
    ),
    key(
        "lifecycle.slow_reply",
        "\"1d\"",
        "a first human answer to a ticket is slow when it took longer",
    ),
    key(
        "lifecycle.replies",
        "false",
        "support_reply events are sent: an answer that does not come is a slow one",
    ),
    key(
        "lifecycle.order_messages",
        "false",
        "order_message events are sent: an order that none follows is flagged",
    ),
    key(
        "contact.cap",
        "3",
        "messages of campaigns that a customer may get within contact.cap_window",
    ),
    key(
        "contact.cap_window",
        "\"7d\"",
        "the sliding window of contact.cap, over all channels",
    ),
    key(
        "contact.quiet_from",
        "21",
        "first hour of the night on the customer's clock, in which nobody is written to",
    ),
    key(
        "contact.quiet_to",
        "8",
        "first hour that is not night any more; the same as contact.quiet_from for none",
    ),
    key(
        "contact.consent_required",
        "false",
        "name only channels that the customer agreed to, rather than all that were not refused",
    ),
    key(
        "kpis.enabled",
        "true",
        "keep figures of all customers by period, and a list of whom to write to each day",
    ),
    key(
        "kpis.periods",
        "[\"day\", \"month\"]",
        "periods that figures are told of: day, week, month, year",
    ),
    key(
        "kpis.alive",
        "",
        "for how long a purchase makes a customer; default: the model's horizon",
    ),
    key(
        "segments.recency_days",
        "",
        "four cut points of days since the last purchase; default: the model file's",
    ),
    key(
        "segments.frequency",
        "",
        "four cut points of orders; default: the model file's",
    ),
    key(
        "segments.monetary",
        "",
        "four cut points of net spend, major units; default: the model file's",
    ),
    key(
        "segments.top_spend",
        "",
        "net spend from which on a customer is of the top fifth; default: the model file's",
    ),
];
