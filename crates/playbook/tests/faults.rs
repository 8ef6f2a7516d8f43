//! A table with faults is refused with all of them, each with its line, its rule and, for a name, the nearest right one.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use holdfast_playbook::{Playbook, Preset, cases};

const DEFAULT: &str =
    "[default]\naction = \"wait\"\nroute = \"automation\"\nowner = \"x\"\nsaved = 0.1\n";

/// Faults of a text, one a line, as people see them.
fn faults(text: &str) -> Vec<String> {
    let faults = Playbook::parse(text).unwrap_err();
    faults.list.iter().map(ToString::to_string).collect()
}

/// Faults of a rule with these conditions, without their place.
fn refused(condition: &str) -> String {
    let text = format!(
        "{DEFAULT}[[rule]]\nname = \"r\"\nroute = \"sales\"\nowner = \"x\"\naction = \"a\"\nsaved = 0.1\nwhen = {{ {condition} }}\n"
    );
    let all = faults(&text);
    assert_eq!(all.len(), 1, "{all:?}");
    let place = "line 12: rule `r`: when.";
    all[0].strip_prefix(place).unwrap_or(&all[0]).to_owned()
}

#[test]
fn every_fault_is_named_at_once_with_its_line_and_rule() {
    let text = r#"
[econmics]
saved = 0.1

[[rule]]
name = "tickets"
when = { open_tickts = ">= 1", them = "support" }
action = "Call Them"
route = "serviec"
owner = ""
cost = -1
saved = 0.1

[[rule]]
action = "mail"
when = {}
route = "marketing"
owner = "retention"
expires = "soon"
"#;
    assert_eq!(
        faults(text),
        [
            "line 1: default: is missing: say in [default] what is done where no rule is for the customer",
            "line 2: econmics: unknown key `econmics`; did you mean `economics`?",
            "line 7: rule `tickets`: when.open_tickts: unknown condition `open_tickts`; did you mean `open_tickets`?",
            "line 7: rule `tickets`: when.them: unknown condition `them`; did you mean `theme`?",
            "line 8: rule `tickets`: action: `Call Them` is not lower-case words joined by _",
            "line 9: rule `tickets`: route: unknown route `serviec`; did you mean `service`?",
            "line 10: rule `tickets`: owner: is empty",
            "line 11: rule `tickets`: cost: -1 is below 0",
            "line 14: rule 2: name: is missing",
            "line 14: rule 2: saved: is missing: say here or in [economics] which share of those contacted is kept",
            "line 16: rule 2: when: is empty: without conditions it is the [default]",
            "line 19: rule 2: expires: `soon` is not a span of time; write it like \"36h\", \"7d\" or \"2w\"",
        ]
    );
}

#[test]
fn a_condition_of_the_wrong_kind_is_refused() {
    for (condition, message) in [
        (
            "orders = \"many\"",
            "orders: `many` is not a condition on a number; write it like \">= 3\", \"< 0.5\" or \"3..7\"",
        ),
        (
            "orders = \"7..3\"",
            "orders: `7..3` holds no number: 7 is above 3",
        ),
        (
            "orders = true",
            "orders: wants a number or a comparison such as \">= 3\", not a boolean",
        ),
        (
            "low_use = 1",
            "low_use: wants true or false, not an integer",
        ),
        (
            "segment = 5",
            "segment: wants a text or a list of texts, not an integer",
        ),
        (
            "segment = \"cant_loose\"",
            "segment: unknown segment `cant_loose`; did you mean `cant_lose`?",
        ),
        (
            "theme = [\"suport\"]",
            "theme: unknown theme `suport`; did you mean `support`?",
        ),
        (
            "reasons = \"purchases_31d\"",
            "reasons: unknown reasons `purchases_31d`; did you mean `purchases_30d`?",
        ),
        (
            "kind = \"open\"",
            "kind: unknown kind `open`; did you mean `opened`?",
        ),
        (
            "purchases_9d = 1",
            "purchases_9d: unknown condition `purchases_9d`; did you mean `purchases_90d`?",
        ),
        (
            "stage = \"grown\"",
            "stage: unknown stage `grown`; did you mean `growth`?",
        ),
    ] {
        assert_eq!(refused(condition), message);
    }
}

#[test]
fn a_rule_twice_and_a_rule_called_default_are_refused() {
    let rule = |name: &str| {
        format!(
            "[[rule]]\nname = \"{name}\"\nwhen = {{ orders = 1 }}\naction = \"a\"\nroute = \"sales\"\nowner = \"x\"\nsaved = 0.1\n"
        )
    };
    let text = format!("{DEFAULT}{}{}{}", rule("a"), rule("a"), rule("default"));
    assert_eq!(
        faults(&text),
        [
            "line 14: rule `a`: name: is there twice",
            "line 21: rule `default`: name: is the last resort's, in [default]",
        ]
    );
}

#[test]
fn stages_and_priors_are_checked_and_used() {
    let tail = "[stage]\nname = \"growth\"\ndaily_contact_budget = 200\n[priors]\nacquisition_cost = [3, 4]\nword_of_mouth = 30\n";
    let playbook = Playbook::parse(&format!("{DEFAULT}{tail}")).unwrap();
    assert_eq!(playbook.capacity(), Some(70));
    let own = playbook.priors().iter().filter(|p| p.is_own);
    let own: Vec<_> = own.map(|p| (p.name, p.range.low, p.range.high)).collect();
    assert_eq!(
        own,
        [
            ("acquisition_cost", 3.0, 4.0),
            ("word_of_mouth", 30.0, 30.0)
        ]
    );

    let tail = "[stage]\nname = \"grwth\"\ndaily_contact_budget = 1.5\n[priors]\nacquisition_cost = [4, 3]\nword_of_mout = 30\n";
    assert_eq!(
        faults(&format!("{DEFAULT}{tail}")),
        [
            "line 7: stage: name: unknown stage `grwth`; did you mean `growth`?",
            "line 8: stage: daily_contact_budget: wants a whole number",
            "line 10: priors: acquisition_cost: 4 is above 3",
            "line 11: priors: word_of_mout: unknown prior `word_of_mout`; did you mean `word_of_mouth`?",
        ]
    );
}

#[test]
fn what_does_not_parse_is_told_with_its_line() {
    let all = faults(&format!("{DEFAULT}[[rule]\n"));
    assert!(all[0].starts_with("line 6: "), "{all:?}");
}

#[test]
fn cases_with_faults_are_refused_with_all_of_them() {
    let playbook = Playbook::parse(Preset::Saas.rules()).unwrap();
    let text = r#"
[[case]]
name = "a"
expect = "enablment"
given = { p = 1.5, low_use = 1, stage = "growth", sgment = "lost" }

[[case]]
expect = "none"
rule = "low_user"
"#;
    let all = cases(text, &playbook).unwrap_err();
    let all: Vec<String> = all.list.iter().map(ToString::to_string).collect();
    assert_eq!(
        all,
        [
            "line 4: case `a`: expect: unknown action `enablment`; did you mean `enablement`?",
            "line 5: case `a`: given.low_use: wants true or false, not an integer",
            "line 5: case `a`: given.p: 1.5 is not between 0 and 1",
            "line 5: case `a`: given.sgment: unknown condition `sgment`; did you mean `segment`?",
            "line 5: case `a`: given.stage: is the table's, in [stage]",
            "line 7: case 2: name: is missing",
            "line 7: case 2: given: is missing",
            "line 9: case 2: rule: unknown rule `low_user`; did you mean `low_use`?",
        ]
    );
    let none = cases("", &playbook).unwrap_err();
    assert_eq!(none.list.len(), 1);
}

#[test]
fn a_rule_for_notices_that_asks_for_a_score_is_refused_and_one_for_closes_is_not() {
    for asked in [
        "p = \">= 0.5\"",
        "spend_90d = \"> 1\"",
        "theme = \"support\"",
        "reasons = \"carts\"",
        "low_use = true",
    ] {
        let name = asked.split(' ').next().unwrap();
        let said = refused(&format!("kind = [\"dormant\", \"reward_due\"], {asked}"));
        assert_eq!(
            said,
            format!(
                "{name}: never holds: of this kind no score, no feature and no reason is known"
            )
        );
        let rule = format!(
            "{DEFAULT}[[rule]]\nname = \"r\"\nroute = \"sales\"\nowner = \"x\"\naction = \"a\"\nsaved = 0.1\n\
             when = {{ kind = [\"dormant\", \"lapsed\"], {asked} }}\n"
        );
        assert!(Playbook::parse(&rule).is_ok(), "{asked}");
    }
}

#[test]
fn a_share_in_economics_that_is_wrong_is_one_fault_and_not_missing_in_each_rule() {
    let text = "[economics]\nsaved = 1.5\n[default]\naction = \"wait\"\nroute = \"automation\"\nowner = \"x\"\n";
    assert_eq!(
        faults(text),
        ["line 2: economics: saved: 1.5 is not between 0 and 1"]
    );
}
