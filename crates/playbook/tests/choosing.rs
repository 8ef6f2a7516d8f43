//! First match, economics and what a choice says; random tables against a plain reading of the same rules.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use holdfast_features::feature;
use holdfast_playbook::{Choice, Facts, Playbook, Situation};
use proptest::prelude::*;

const DEFAULT: &str = "[default]\naction = \"wait\"\nroute = \"automation\"\nowner = \"nobody\"\nsaved = 0.1\ncost = 0.05\n";

fn rule(name: &str, when: &str, rest: &str) -> String {
    format!(
        "[[rule]]\nname = \"{name}\"\nwhen = {{ {when} }}\naction = \"do_{name}\"\nroute = \"sales\"\nowner = \"x\"\n{rest}\n"
    )
}

fn playbook(rules: &str) -> Playbook {
    Playbook::parse(&format!("{DEFAULT}{rules}")).unwrap()
}

fn situation(facts: &Facts) -> Situation<'_> {
    Situation {
        kind: "opened",
        as_of: 1_000,
        probability: Some(0.5),
        value: Some(100.0),
        segment: None,
        value_tier: None,
        theme: None,
        reasons: &[],
        features: &[],
        facts,
    }
}

fn of_rule(choice: &Choice) -> &str {
    choice.rule.as_deref().unwrap_or("")
}

#[test]
fn the_first_rule_that_holds_is_taken_and_the_default_else() {
    let two = rule("many", "orders = \">= 5\"", "saved = 0.1")
        + &rule("some", "orders = \">= 1\"", "saved = 0.1");
    let playbook = playbook(&two);
    for (orders, expected) in [
        (Some(7.0), "many"),
        (Some(5.0), "many"),
        (Some(4.0), "some"),
        (Some(0.0), "default"),
        (None, "default"),
    ] {
        let facts = Facts {
            orders,
            ..Facts::default()
        };
        assert_eq!(of_rule(&playbook.choose(&situation(&facts))), expected);
    }
}

#[test]
fn all_conditions_have_to_hold_and_features_are_looked_up() {
    let playbook = playbook(&rule(
        "both",
        "spend_90d = \"< 10\", region = [\"DE\", \"AT\"], reasons = [\"spend_90d\"]",
        "saved = 0.2",
    ));
    let id = feature("spend_90d").unwrap();
    assert_eq!(playbook.features(), [id]);
    let (german, swiss) = (Some("DE".to_owned()), Some("CH".to_owned()));
    for (region, spend, reasons, expected) in [
        (&german, 9.0, &["money", "spend_90d"][..], "both"),
        (&german, 10.0, &["money", "spend_90d"], "default"),
        (&german, f64::NAN, &["money", "spend_90d"], "default"),
        (&german, 9.0, &["money"], "default"),
        (&swiss, 9.0, &["money", "spend_90d"], "default"),
        (&None, 9.0, &["money", "spend_90d"], "default"),
    ] {
        let facts = Facts {
            region: region.clone(),
            ..Facts::default()
        };
        let choice = playbook.choose(&Situation {
            features: &[(id, spend)],
            reasons,
            ..situation(&facts)
        });
        assert_eq!(of_rule(&choice), expected, "{region:?} {spend} {reasons:?}");
    }
}

#[test]
fn a_contact_that_does_not_pay_is_named_and_left() {
    let playbook = playbook(&rule(
        "gift",
        "orders = 1",
        "saved = 0.2\ncost = 10\nexpires = \"2d\"",
    ));
    let facts = Facts {
        orders: Some(1.0),
        ..Facts::default()
    };
    let worth = |value| {
        playbook.choose(&Situation {
            value,
            ..situation(&facts)
        })
    };
    let even = worth(Some(100.0));
    assert_eq!((even.act, even.action.as_str()), (false, "none"));
    assert_eq!(even.would_be.as_deref(), Some("do_gift"));
    assert_eq!(even.expected_profit, Some(0.0));
    let below = worth(Some(40.0));
    assert_eq!(
        below.reason,
        "number of orders so far: 1; a contact costs 10.00 and would bring 4.00 on average, and pays above a value of 100.00"
    );
    assert_eq!(
        below.text,
        "Leave it: do gift would cost more than it brings."
    );
    let above = worth(Some(101.0));
    assert_eq!(
        (above.act, above.action.as_str(), above.would_be),
        (true, "do_gift", None)
    );
    assert_eq!(above.expected_profit, Some(0.1));
    assert_eq!(above.expires_at, Some(1_000 + 2 * 86_400_000));
    let unknown = worth(None);
    assert_eq!((unknown.act, unknown.expected_profit), (true, None));
    assert!(
        unknown
            .reason
            .ends_with("what a contact would bring is not known")
    );
}

#[test]
fn a_value_of_the_table_stands_in_for_an_unknown_one() {
    let text = format!("[economics]\nvalue = 30\n{DEFAULT}");
    let playbook = Playbook::parse(&text).unwrap();
    let facts = Facts::default();
    let choice = playbook.choose(&Situation {
        value: None,
        ..situation(&facts)
    });
    assert_eq!(choice.expected_profit, Some(1.45));
}

#[test]
fn closes_and_notices_are_for_the_rules_that_name_them() {
    let playbook = playbook(&rule(
        "back",
        "kind = [\"lapsed\", \"dormant\"]",
        "saved = 0.2",
    ));
    let facts = Facts::default();
    for (kind, expected) in [
        ("opened", Some("default")),
        ("escalated", Some("default")),
        ("lapsed", Some("back")),
        ("dormant", Some("back")),
        ("recovered", None),
        ("churned", None),
        ("reward_due", None),
    ] {
        let choice = playbook.choose(&Situation {
            kind,
            ..situation(&facts)
        });
        assert_eq!(choice.rule.as_deref(), expected, "{kind}");
        assert_eq!(choice.act, expected.is_some());
    }
}

#[test]
fn a_stage_decides_where_a_rule_asks_for_it() {
    let rule = rule("early", "stage = [\"launch\", \"traction\"]", "saved = 0.2");
    let facts = Facts::default();
    for (stage, expected) in [("launch", "early"), ("mature", "default")] {
        let playbook = playbook(&format!("[stage]\nname = \"{stage}\"\n{rule}"));
        assert_eq!(of_rule(&playbook.choose(&situation(&facts))), expected);
    }
    assert_eq!(
        of_rule(&playbook(&rule).choose(&situation(&facts))),
        "default"
    );
}

#[test]
fn a_rule_behind_a_wider_one_is_found() {
    let rules = [
        rule(
            "wide",
            "orders = \">= 1\", segment = [\"lost\", \"dormant\"]",
            "saved = 0.1",
        ),
        rule(
            "narrow",
            "orders = \"3..9\", segment = \"lost\", low_use = true",
            "saved = 0.1",
        ),
        rule(
            "wider",
            "orders = \">= 0\", segment = \"lost\"",
            "saved = 0.1",
        ),
        rule(
            "other_kind",
            "kind = \"lapsed\", orders = \">= 1\", segment = \"lost\"",
            "saved = 0.1",
        ),
        rule("known", "region = true", "saved = 0.1"),
        rule("here", "region = \"DE\"", "saved = 0.1"),
    ];
    let shadowed = playbook(&rules.concat()).shadowed();
    let pairs: Vec<_> = shadowed
        .iter()
        .map(|s| (s.rule.as_str(), s.by.as_str()))
        .collect();
    assert_eq!(pairs, [("narrow", "wide"), ("here", "known")]);
}

/// Whether a number stands so to a bound.
type Holds = fn(f64, f64) -> bool;
/// A comparison as text and as a plain function, with its bound.
type Comparison = (String, Holds, f64);

fn comparison() -> impl Strategy<Value = Comparison> {
    let signs: [(&str, Holds); 5] = [
        (">=", |x, bound| x >= bound),
        (">", |x, bound| x > bound),
        ("<=", |x, bound| x <= bound),
        ("<", |x, bound| x < bound),
        ("=", |x, bound| x == bound),
    ];
    (0..5usize, 0..4i32).prop_map(move |(sign, bound)| {
        let (text, holds) = signs[sign];
        (format!("{text} {bound}"), holds, f64::from(bound))
    })
}

/// Conditions of one rule on orders and returns.
fn conditions() -> impl Strategy<Value = (Option<Comparison>, Comparison)> {
    (proptest::option::of(comparison()), comparison())
}

proptest! {
    #[test]
    fn the_choice_is_that_of_a_plain_reading(
        rules in proptest::collection::vec(conditions(), 1..6),
        orders in -1..5i32,
        returns in proptest::option::of(-1..5i32),
    ) {
        let mut text = String::new();
        for (number, (of_returns, of_orders)) in rules.iter().enumerate() {
            let mut when = format!("orders = \"{}\"", of_orders.0);
            if let Some((shown, ..)) = of_returns {
                when += &format!(", returns = \"{shown}\"");
            }
            text += &rule(&format!("r{number}"), &when, "saved = 0.1");
        }
        let table = playbook(&text);
        let facts = Facts {
            orders: Some(f64::from(orders)),
            returns: returns.map(f64::from),
            ..Facts::default()
        };
        let plain = rules.iter().position(|(of_returns, (_, holds, bound))| {
            let first = holds(f64::from(orders), *bound);
            first && of_returns.as_ref().is_none_or(|(_, holds, bound)| {
                returns.is_some_and(|x| holds(f64::from(x), *bound))
            })
        });
        let expected = plain.map_or("default".to_owned(), |n| format!("r{n}"));
        let chosen = table.choose(&situation(&facts));
        prop_assert_eq!(of_rule(&chosen), expected.as_str());
        let shadowed = table.shadowed().iter().any(|s| Some(&s.rule) == chosen.rule.as_ref());
        prop_assert!(!shadowed, "{:?} is never to be chosen", chosen.rule);
    }
}
