use super::super::tests::{DAY_MS, Shop, T0, lesson, regulars};
use super::super::{score, train};
use super::*;

#[test]
fn explanation_adds_up_and_agrees_with_the_score() {
    let shop = Shop::new(&regulars("EUR"));
    let model = train(&shop.source(None), &lesson(14)).unwrap().model;
    let at = T0 + 100 * DAY_MS;
    let found = explain(
        &shop.source(None),
        &model,
        "c002",
        Some(at),
        &Ahead {
            deadline: &|_, _, _| Some(7),
            close: f64::INFINITY,
        },
    )
    .unwrap();
    let sum: f64 = found.contributions.iter().map(|c| c.contribution).sum();
    assert!((found.base + sum - found.log_odds).abs() < 1e-9);
    let scores = score(&shop.source(None), &model, &[at], Some(0)).unwrap();
    let same = scores
        .rows
        .iter()
        .find(|r| r.customer_id == "c002")
        .unwrap();
    assert_eq!(same.probability, found.churn_probability);
    assert_eq!(found.deadline_ms, Some(7));
    assert!(found.state.in_population && found.state.purchases > 5);
    let json = serde_json::to_value(&found).unwrap();
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    let contract = [
        "customer_id",
        "at",
        "state",
        "log_odds",
        "base",
        "churn_probability",
        "contributions",
        "deadline_ms",
        "counterfactual",
    ];
    assert_eq!(keys, contract);
    let none = explain(
        &shop.source(None),
        &model,
        "nobody",
        None,
        &Ahead {
            deadline: &|_, _, _| None,
            close: f64::INFINITY,
        },
    );
    assert!(none.unwrap_err().to_string().contains("nobody"));
}
