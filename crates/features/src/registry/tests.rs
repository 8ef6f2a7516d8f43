use super::*;
use std::collections::BTreeSet;

#[test]
fn every_feature_is_described_for_machines_and_people() {
    for feature in registry() {
        let name = feature.name;
        assert!(
            name.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        );
        assert!(
            !feature.unit.is_empty() && !feature.formula.is_empty(),
            "{name}"
        );
        assert!(!feature.source.is_empty(), "{name}");
    }
}

#[test]
fn names_are_unique_and_lead_back() {
    let names: BTreeSet<_> = registry().iter().map(|feature| feature.name).collect();
    assert_eq!(names.len(), registry().len());
    for id in FeatureId::all() {
        assert_eq!(feature(id.describe().name), Some(id));
    }
    assert_eq!(feature("purchases_31d"), None);
}

#[test]
fn misspelt_name_finds_its_neighbour() {
    assert_eq!(nearest("purchase_30d"), "purchases_30d");
    assert_eq!(
        nearest("day_since_last_purchse"),
        "days_since_last_purchase"
    );
}

#[test]
fn hash_is_sixteen_digits_and_stable_within_a_build() {
    let hash = registry_hash();
    assert_eq!(hash.len(), 16);
    assert!(hash.bytes().all(|b| b.is_ascii_hexdigit()));
    assert_eq!(hash, registry_hash());
}

/// What each feature says of a value.
fn said(name: &str, value: f64) -> String {
    feature(name).unwrap().describe().say(value)
}

#[test]
fn no_sentence_has_a_wrong_plural_or_a_number_rounded_to_nothing() {
    let values = [
        0.0, -0.0, 0.001, 0.04, 0.5, 0.996, 1.0, 1.04, 1.9999, 2.0, 10.5, 99.999, 123_456.78,
        -0.04, -1.0,
    ];
    for feature in registry() {
        for value in values {
            let text = feature.say(value);
            let words: Vec<&str> = text.split([' ', ',']).collect();
            for pair in words.windows(2) {
                let plural = pair[1].ends_with('s') && pair[1] != "less";
                assert!(!(pair[0] == "1" && plural), "{text}");
                let absurd = matches!(
                    pair[0],
                    "0" | "-0" | "0.0" | "-0.0" | "0.00" | "1.0" | "1.00"
                );
                assert!(!absurd || pair[1] == "%", "{text}");
            }
            assert!(!text.contains(['{', '}']), "{text}");
        }
        for text in feature.sentence.texts() {
            assert!(text.matches("{value}").count() <= 1, "{text}");
        }
    }
}

#[test]
fn each_kind_of_value_is_told_in_its_own_unit() {
    for (name, value, text) in [
        ("purchases_total", 1.0, "1 purchase so far"),
        ("purchases_total", 2.0, "2 purchases so far"),
        ("page_views_30d", 0.0, "no page views in the last 30 days"),
        (
            "days_since_last_event",
            0.02,
            "last seen less than an hour ago",
        ),
        (
            "days_since_last_event",
            0.04,
            "last seen less than an hour ago",
        ),
        ("days_since_last_event", 1.04, "last seen 25 hours ago"),
        ("days_since_last_event", 21.7, "last seen 21.7 days ago"),
        ("days_since_last_purchase", 2.0, "no purchase for 2 days"),
        (
            "days_since_last_purchase",
            0.0,
            "bought less than an hour ago, or is new",
        ),
        ("days_since_first_purchase", 1.0, "first purchase yesterday"),
        ("gap_mean_days", 0.0, "has not bought on a second day yet"),
        ("gap_mean_days", 1.04, "buys every day"),
        (
            "gap_sd_days",
            0.04,
            "gaps between purchases vary by under 0.1 days",
        ),
        (
            "recency_over_gap",
            1.0,
            "waiting as long as the customer's usual gap",
        ),
        (
            "gap_z",
            -1.0,
            "silence is 1 standard deviation shorter than the customer's usual gap",
        ),
        (
            "gap_z",
            2.5,
            "silence is 2.5 standard deviations longer than the customer's usual gap",
        ),
        ("refund_share", 0.04, "4 % of what was spent was refunded"),
        ("refund_share", 1.0, "all that was spent was refunded"),
        ("spend_30d", 0.0, "nothing spent in the last 30 days"),
        ("spend_30d", 10.5, "10.50 spent in the last 30 days"),
        ("spend_total", 1234.56, "1235 spent so far"),
        ("mean_order_value", 20.0, "20 spent per purchase"),
        (
            "purchase_trend_7_30",
            0.5,
            "purchases in the last 7 days at 0.5 times the pace of the last 30",
        ),
    ] {
        assert_eq!(said(name, value), text);
    }
}

#[test]
fn features_that_tell_of_the_same_thing_have_one_theme_and_every_theme_has_features() {
    for (name, theme) in [
        ("days_since_last_event", Theme::Rhythm),
        ("days_since_last_purchase", Theme::Rhythm),
        ("gap_z", Theme::Rhythm),
        ("buying_gap_usual", Theme::Rhythm),
        ("active_none_expected", Theme::Rhythm),
        ("purchases_30d", Theme::Frequency),
        ("buying_days_ever", Theme::Frequency),
        ("active_days_ever", Theme::Engagement),
        ("page_views_7d", Theme::Engagement),
        ("spend_90d", Theme::Money),
        ("order_usual", Theme::Money),
        ("tenure_days", Theme::Tenure),
        ("cart_abandons_7d", Theme::Carts),
        ("support_contacts_30d", Theme::Support),
        ("payment_failures_30d", Theme::Payments),
        ("refund_share", Theme::Refunds),
        ("refunds_decayed_90d", Theme::Refunds),
    ] {
        let found = feature(name).map(|id| id.describe().theme());
        assert_eq!(found, Some(theme), "{name}");
    }
    let themes: BTreeSet<_> = registry().iter().map(Feature::theme).collect();
    assert!(themes.into_iter().eq(Theme::ALL));
    let headings: BTreeSet<_> = Theme::ALL.map(Theme::heading).into();
    assert_eq!(headings.len(), Theme::ALL.len());
}
