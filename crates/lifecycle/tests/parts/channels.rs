//! Which channels are open after what was said and what bounced.

use holdfast_events::EventType as E;
use holdfast_lifecycle::Settings;
use holdfast_lifecycle::part::contact::{Basis, Channel};

use crate::rig::{DAY, Event, START, World, event};

/// The best channel and why, after a mail and these events a millisecond apart.
fn after(events: &[Event]) -> (Option<Channel>, Option<Basis>) {
    let mut world = World::new(Settings::default());
    world.play(&event(E::CampaignSent, START).with(r#"{"channel":"email"}"#));
    for (after, event) in (1..).zip(events) {
        world.play(&Event {
            ts: START + after,
            ..event.clone()
        });
    }
    let contact = world.profile("ada", START + DAY).contact;
    (contact.channel, contact.basis)
}

const MAILS: (Option<Channel>, Option<Basis>) =
    (Some(Channel::Email), Some(Basis::LegitimateInterest));

#[test]
fn where_a_consent_was_said_is_not_what_it_is_for() {
    let say = |fields: &str| event(E::ConsentChange, START).with(fields);
    let refused = say(r#"{"purpose":"marketing","granted":false,"channel":"web"}"#);
    assert_eq!(after(&[refused]), (None, None));
    let other = say(r#"{"purpose":"analytics","granted":true,"channel":"email"}"#);
    assert_eq!(after(&[other]), MAILS);
    for purpose in ["newsletter", "advertising", "email_marketing"] {
        let fields = format!(r#"{{"purpose":"{purpose}","granted":false}}"#);
        assert_eq!(after(&[say(&fields)]).0, None, "{purpose}");
    }
    // Without a purpose a refusal is one of everything, and an agreement of what it names.
    assert_eq!(
        after(&[say(r#"{"granted":false,"channel":"sms"}"#)]),
        (None, None)
    );
    let agreed = say(r#"{"granted":true,"channel":"email"}"#);
    assert_eq!(
        after(&[agreed]),
        (Some(Channel::Email), Some(Basis::Consent))
    );
}

#[test]
fn a_complaint_without_a_channel_is_about_mails() {
    let said = event(E::CampaignComplained, START);
    assert_eq!(after(&[said]).0, None);
}

#[test]
fn a_message_that_arrived_before_the_bounce_and_is_heard_of_after_it_opens_nothing() {
    let mail = |kind, ts| event(kind, ts).with(r#"{"channel":"email"}"#);
    for (arrived, open) in [(START + 4, None), (START + 6, Some(Channel::Email))] {
        let mut world = World::new(Settings::default());
        world.play(&mail(E::CampaignSent, START));
        world.play(&mail(E::CampaignBounced, START + 5));
        world.play(&mail(E::CampaignDelivered, arrived));
        assert_eq!(world.profile("ada", START + DAY).contact.channel, open);
    }
}

#[test]
fn a_bounce_is_soft_by_a_word_of_its_own_only() {
    let bounced = |reason: &str| {
        let fields = format!(r#"{{"channel":"email","reason":"{reason}"}}"#);
        event(E::CampaignBounced, START).with(&fields)
    };
    assert_eq!(
        after(&[bounced("550 mailbox unavailable (Microsoft Exchange)")]).0,
        None
    );
    assert_eq!(after(&[bounced("Soft: mailbox full")]), MAILS);
}

#[test]
fn what_the_customer_answers_in_a_ticket_is_no_contact_by_the_business() {
    let answered = |speaker: &str| {
        let mut world = World::new(Settings::default());
        world.play(&event(E::SupportContact, START));
        let fields = format!(r#"{{"speaker":"{speaker}"}}"#);
        world.play(&event(E::SupportReply, START + 60_000).with(&fields));
        let profile = world.profile("ada", START + DAY);
        (
            profile.contact.last_business_at,
            profile.silence.business_wrote_at,
        )
    };
    assert_eq!(answered("customer"), (None, None));
    assert_eq!(
        answered("agent"),
        (Some(START + 60_000), Some(START + 60_000))
    );
}

#[test]
fn an_older_zone_that_comes_late_does_nothing_and_a_sign_up_may_tell_one() {
    let zone = |kind, ts, name: &str| event(kind, ts).with(&format!(r#"{{"time_zone":"{name}"}}"#));
    let mut world = World::new(Settings::default());
    let of = |world: &World| {
        let zone = world.profile("ada", START + 9 * DAY).contact.zone;
        zone.iana_name().unwrap().to_owned()
    };
    world.play(&zone(E::SignUp, START + DAY, "Asia/Tokyo"));
    assert_eq!(of(&world), "Asia/Tokyo");
    world.play(&zone(E::ProfileUpdate, START + 3 * DAY, "Europe/Berlin"));
    world.play(&zone(E::ProfileUpdate, START + 2 * DAY, "Asia/Tokyo"));
    world.restart();
    assert_eq!(of(&world), "Europe/Berlin");
}
