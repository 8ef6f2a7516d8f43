use holdfast_events::EventType as E;
use holdfast_lifecycle::Settings;
use holdfast_lifecycle::part::feedback::{Feedback, NpsGroup, Signed};
use proptest::prelude::*;

use crate::rig::{DAY, Dice, Event, HOUR, START, World, event};

fn feedback(events: &[Event], as_of: i64) -> Feedback {
    let mut world = World::new(Settings::default());
    world.play_all(events);
    world.profile("ada", as_of).feedback
}

fn answer(ts: i64, fields: &str) -> Event {
    event(E::SurveyResponse, ts).with(fields)
}

#[test]
fn answers_from_zero_to_ten_fall_into_three_groups() {
    for score in 0..=10 {
        let group = match score {
            0..=6 => NpsGroup::Detractor,
            7..=8 => NpsGroup::Passive,
            _ => NpsGroup::Promoter,
        };
        for fields in [
            format!(r#"{{"kind":"nps","score":{score}}}"#),
            format!(r#"{{"score":{score},"scale":10,"text":"as it is"}}"#),
            format!(r#"{{"kind":"NPS","score":{},"scale":100}}"#, 10 * score),
        ] {
            let nps = feedback(&[answer(START, &fields)], START).nps.unwrap();
            assert_eq!(nps.nps_group(), group, "{fields}");
        }
    }
}

#[test]
fn opinions_stay_on_their_scales_and_change_against_the_one_before() {
    let events = [
        answer(START, r#"{"kind":"csat","score":5}"#),
        event(E::Review, START + 1).with(r#"{"score":4.5}"#),
        answer(START + 2, r#"{"kind":"csat","score":3}"#),
        answer(
            START + 3,
            r#"{"kind":"csat","text":"no score, an open answer"}"#,
        ),
        answer(START + 4, r#"{"kind":"csat","score":6}"#),
        answer(START + 1, r#"{"kind":"csat","score":1}"#),
    ];
    let said = feedback(&events, START + DAY);
    let csat = said.csat.unwrap();
    assert_eq!(
        (csat.score, csat.scale, csat.change, csat.at),
        (3.0, 5.0, Some(-40.0), START + 2)
    );
    let stars = said.stars.unwrap();
    assert_eq!((stars.score, stars.scale, stars.change), (4.5, 5.0, None));
    assert_eq!(said.nps, None);
}

#[test]
fn who_was_asked_is_silent_after_two_weeks_until_it_answers() {
    let asked = [
        event(E::CampaignSent, START).with(r#"{"topic":"survey"}"#),
        event(E::OrderMessage, START + 9 * DAY).with(r#"{"kind":"survey"}"#),
    ];
    assert!(!feedback(&asked, START + 14 * DAY - 1).is_silent);
    assert!(feedback(&asked, START + 14 * DAY).is_silent);
    let mut answered = asked.to_vec();
    answered.push(answer(START + 20 * DAY, r#"{"text":"an open answer"}"#));
    assert!(!feedback(&answered, START + 90 * DAY).is_silent);
    let other = [event(E::CampaignSent, START).with(r#"{"topic":"spring"}"#)];
    assert!(!feedback(&other, START + 90 * DAY).is_silent);
}

#[test]
fn free_text_is_nowhere_in_the_state() {
    let mut world = World::new(Settings::default());
    let secret = r#"{"kind":"nps","score":3,"text":"confidential","choices":["confidential"]}"#;
    for kind in [
        E::SurveyResponse,
        E::Review,
        E::Mention,
        E::SupportContact,
        E::SupportReply,
    ] {
        world.play(&event(kind, START).with(secret));
    }
    let image = world.tracker.image().encode();
    assert!(!image.windows(12).any(|bytes| bytes == b"confidential"));
}

#[test]
fn breadth_counts_kinds_not_acts() {
    let events = [
        event(E::Share, START),
        event(E::Share, START + DAY),
        event(E::Watch, START + 2 * DAY),
        event(E::PollVote, START + 2 * DAY),
        event(E::Publish, START + 20 * DAY),
    ];
    let breadth = |at| feedback(&events, START + at).breadth;
    assert_eq!(breadth(20 * DAY), 3);
    assert_eq!(
        breadth(31 * DAY - 1),
        3,
        "the share of the first day is 29 days back"
    );
    assert_eq!(breadth(31 * DAY), 2);
}

fn twin(events: &[Event], as_of: i64) -> (Signed, Signed, Signed, u32, u32) {
    let day = |at: i64| at / DAY;
    let recent = |event: &&Event| day(event.ts) > day(as_of) - 30 && event.ts <= as_of;
    let has = |event: &Event, text: &str| event.fields.contains(text);
    let of = |kind: E, text: &str| {
        let all = events.iter().filter(recent);
        all.filter(|event| event.kind == kind && has(event, text))
            .count() as u32
    };
    let signed = |kind| Signed {
        good: of(kind, "positive"),
        bad: of(kind, r#""sentiment":-0.5"#),
    };
    let mails = events.iter().filter(|event| has(event, "email"));
    let mails: Vec<Event> = mails.filter(recent).cloned().collect();
    let mail = |text| {
        mails
            .iter()
            .filter(|e| e.kind == E::SupportContact && has(e, text))
            .count() as u32
    };
    let mails = Signed {
        good: mail("positive"),
        bad: mail(r#""sentiment":-0.5"#),
    };
    let engaged = [E::Share, E::Publish, E::ContestEntry, E::Comment, E::Watch];
    let breadth = engaged.iter().filter(|kind| of(**kind, "") > 0).count() as u32;
    let slow = of(E::PageView, r#""load_ms":3001"#);
    (signed(E::Mention), signed(E::Review), mails, slow, breadth)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn counts_and_breadth_are_those_of_the_raw_log(seed in any::<u64>()) {
        let mut dice = Dice(seed);
        let mut world = World::new(Settings::default());
        let kinds = [E::Mention, E::Review, E::SupportContact, E::PageView, E::Share, E::Publish, E::ContestEntry,
            E::Comment, E::Watch, E::Purchase];
        let (mut raw, mut now) = (Vec::new(), START);
        for _ in 0..80 {
            now += dice.pick(&[0, HOUR, DAY, 3 * DAY, 3 * DAY, 29 * DAY]);
            let sentiment = dice.pick(&[r#""positive""#, "-0.5", "0", r#""so so""#]);
            let (channel, load) = (dice.pick(&["email", "web"]), dice.pick(&[3_000, 3_001]));
            let fields = format!(r#"{{"sentiment":{sentiment},"channel":"{channel}","load_ms":{load}}}"#);
            let event = event(dice.pick(&kinds), now - dice.pick(&[0, 0, DAY, 5 * DAY])).with(&fields);
            world.play(&event);
            raw.push(event);
            if dice.roll(9) == 0 {
                world.restart();
            }
            let as_of = now + dice.pick(&[0, DAY, 20 * DAY, 40 * DAY]);
            let said = world.profile("ada", as_of).feedback;
            let found = (said.mentions, said.reviews, said.mails, said.slow_pages, said.breadth);
            prop_assert_eq!(found, twin(&raw, as_of));
            prop_assert_eq!(said.mentions.net(), i64::from(said.mentions.good) - i64::from(said.mentions.bad));
        }
    }
}
