//! The shipped tables: each row is reached by a case of its own and by no other way, and together they hold every action.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_playbook::{
    Choice, Facts, Playbook, Preset, Route, SEGMENTS, Situation, Verdict, cases, unreached,
};

/// Every action that ships, in one table or the other.
const ACTIONS: [&str; 23] = [
    "anniversary",
    "app_update",
    "back_in_stock",
    "birthday",
    "cart_message",
    "discount_code",
    "enablement",
    "gift",
    "local_content",
    "loyalty_reward",
    "proactive_help",
    "product_benefits",
    "review_request",
    "sale",
    "service_recovery",
    "sneak_peek",
    "special_day",
    "subscription_offer",
    "support_hours_and_returns",
    "timed_discount",
    "vip",
    "we_miss_you",
    "welcome",
];

fn table(preset: Preset) -> Playbook {
    Playbook::parse(preset.rules()).unwrap_or_else(|faults| panic!("{preset:?}: {faults}"))
}

fn at_risk(facts: &Facts) -> Situation<'_> {
    Situation {
        kind: "opened",
        as_of: 1_767_225_600_000,
        probability: Some(0.8),
        value: Some(1_000.0),
        segment: None,
        value_tier: None,
        theme: None,
        reasons: &[],
        features: &[],
        facts,
    }
}

#[test]
fn every_case_gets_the_action_that_is_expected() {
    for preset in Preset::ALL {
        let playbook = table(preset);
        let cases = cases(preset.cases(), &playbook).unwrap_or_else(|f| panic!("{preset:?}: {f}"));
        for case in &cases {
            let verdict = case.try_on(&playbook);
            assert!(
                verdict.passed,
                "{preset:?}: {}: {:?}",
                case.name, verdict.choice
            );
            assert_eq!(verdict.choice.act, verdict.choice.action != "none");
        }
    }
}

#[test]
fn every_row_is_reached_by_a_case_that_acts() {
    for preset in Preset::ALL {
        let playbook = table(preset);
        let cases = cases(preset.cases(), &playbook).unwrap();
        let verdicts: Vec<Verdict<'_>> = cases.iter().map(|c| c.try_on(&playbook)).collect();
        assert_eq!(unreached(&playbook, &verdicts), Vec::<&str>::new());
        let acted: BTreeSet<&str> = verdicts
            .iter()
            .filter(|verdict| verdict.choice.act)
            .filter_map(|verdict| verdict.choice.rule.as_deref())
            .collect();
        let rules = playbook.rules().iter().chain([playbook.default_rule()]);
        for rule in rules {
            assert!(
                acted.contains(rule.name.as_str()),
                "{preset:?}: {}",
                rule.name
            );
        }
    }
}

#[test]
fn no_row_stands_in_the_shadow_of_another() {
    for preset in Preset::ALL {
        assert_eq!(table(preset).shadowed(), []);
    }
}

#[test]
fn the_tables_hold_every_action_together() {
    let tables = Preset::ALL.map(table);
    let held: BTreeSet<&str> = tables
        .iter()
        .flat_map(|table| table.rules().iter().chain([table.default_rule()]))
        .map(|rule| rule.action.as_str())
        .collect();
    let missing: Vec<&str> = ACTIONS.into_iter().filter(|a| !held.contains(a)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn low_use_goes_to_enablement_and_tickets_to_service() {
    let playbook = table(Preset::Saas);
    // (low use, open tickets) -> (action, route)
    for (low_use, open_tickets, action, route) in [
        (true, 0.0, "enablement", Route::Enablement),
        (true, 3.0, "service_recovery", Route::Service),
        (false, 3.0, "service_recovery", Route::Service),
        (false, 0.0, "proactive_help", Route::Success),
    ] {
        let facts = Facts {
            low_use: Some(low_use),
            open_tickets: Some(open_tickets),
            ..Facts::default()
        };
        let choice = playbook.choose(&at_risk(&facts));
        assert_eq!(
            (choice.action.as_str(), choice.route),
            (action, Some(route))
        );
        assert!(choice.act);
    }
}

#[test]
fn every_segment_at_risk_has_an_action_in_both_tables() {
    for preset in Preset::ALL {
        let playbook = table(preset);
        for segment in SEGMENTS {
            let facts = Facts::default();
            let situation = Situation {
                segment: Some(segment),
                ..at_risk(&facts)
            };
            assert!(playbook.choose(&situation).act, "{preset:?} {segment}");
        }
    }
}

#[test]
fn a_choice_is_the_object_that_the_documents_show() {
    let facts = Facts {
        open_tickets: Some(2.0),
        ..Facts::default()
    };
    let situation = Situation {
        theme: Some("support"),
        reasons: &["support"],
        probability: Some(0.82),
        value: Some(200.0),
        ..at_risk(&facts)
    };
    let choice: Choice = table(Preset::Ecommerce).choose(&situation);
    let shown: BTreeMap<String, toml::Value> =
        toml::from_str(&toml::to_string(&choice).unwrap()).unwrap();
    let text = |key: &str| shown[key].as_str().unwrap().to_owned();
    assert_eq!(text("action"), "service_recovery");
    assert_eq!(text("route"), "service");
    assert_eq!(
        text("reason"),
        "number of tickets that are open: 2; a contact costs 12.00 and brings 41.00 on average"
    );
    assert_eq!(
        text("text"),
        "Service recovery: call today, own the ticket until it is solved, sell nothing. \
         Offer: what makes it good: a new shipment or the money back."
    );
    assert_eq!(shown["expected_profit"].as_float(), Some(29.0));
    assert_eq!(shown["expires_at"].as_integer(), Some(1_767_398_400_000));
}
