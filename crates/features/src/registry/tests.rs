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
        assert_eq!(feature.sentence.matches("{value}").count(), 1, "{name}");
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
