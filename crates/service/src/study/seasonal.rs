//! A season on its way from the command line through the model file into scores and reasons.

use holdfast_features::{Ix, Store, Theme};
use holdfast_model::{Model, logit};

use super::tests::{DAY_MS, Shop, T0, lesson, regulars};
use super::*;

/// 900 customers over 450 days who buy every 9 to 24 days, and skip turns: more of them in the colder half of the year.
fn yearly() -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for customer in 0..900_i64 {
        let mut day = customer % 17;
        let mut turn = 0;
        while day < 450 {
            let ts = T0 + day * DAY_MS + (customer % 24) * 3_600_000;
            writeln!(
                out,
                r#"{{"event_id":"{customer}-{day}","customer_id":"c{customer:03}","type":"purchase","ts":{ts},"amount":9}}"#
            )
            .unwrap();
            turn += 1;
            let cold = if (day / 183) % 2 == 0 { 3 } else { 6 };
            let skips = (customer * 7 + turn * 13 + day) % 11 < cold;
            day += (9 + customer % 16) * if skips { 3 } else { 1 };
        }
    }
    out
}

#[test]
fn season_goes_into_the_file_the_scores_and_the_reasons() {
    let shop = Shop::new(&yearly());
    let source = shop.source(None);
    let until = T0 + 430 * DAY_MS - 1;
    let asked = |seasonal| Lesson {
        until_ms: Some(until),
        seasonal,
        ..lesson(14)
    };
    let bare = train(&source, &asked(Seasonal::Off)).unwrap();
    assert!(!bare.json.contains("\"season\""));
    let found = train(&source, &asked(Seasonal::Half)).unwrap();
    let model = Model::from_json(found.json.as_bytes()).unwrap();
    let season = model.season().unwrap();
    assert_eq!(season.from_ms, until);
    let told = found.notes.join("\n");
    assert!(told.contains("as `season` in its file says"), "{told}");
    // At the second point after the end: the first ones may be too close to nought to be told from it.
    let at = until + 14 * DAY_MS;
    let shift = season.at(at);
    assert!(shift.abs() > 0.01, "{season:?}");
    assert_eq!(
        model.clone().with_season(None).unwrap().to_json().unwrap(),
        bare.json
    );
    let scores = |model: &Model| score(&source, model, &[at], None).unwrap().rows;
    let both = scores(&bare.model).into_iter().zip(scores(&model));
    for (without, with) in both {
        let moved = logit(with.probability) - logit(without.probability);
        assert!((moved - shift).abs() < 1e-9, "{moved} {shift}");
    }
    let deadline = |_: &mut Store, _: Ix, _: i64| None;
    let ahead = Ahead {
        deadline: &deadline,
        close: 0.0,
    };
    let told = explain(&source, &model, "c007", Some(at), &ahead).unwrap();
    let reason = told.contributions.iter().find(|c| c.theme == Theme::Season);
    assert_eq!(reason.unwrap().contribution, shift);
    let sum: f64 = told.contributions.iter().map(|c| c.contribution).sum();
    assert!((told.base + sum - told.log_odds).abs() < 1e-9);
}

#[test]
fn log_of_less_than_a_year_gets_no_season_and_gives_the_bytes_of_before() {
    let shop = Shop::new(&regulars("EUR"));
    let source = shop.source(None);
    let asked = |seasonal| Lesson {
        seasonal,
        ..lesson(14)
    };
    let off = train(&source, &lesson(14)).unwrap();
    let auto = train(&source, &asked(Seasonal::Auto)).unwrap();
    assert_eq!(off.json, auto.json);
    let said = "a seasonal intercept needs 395 days of events, there are 1";
    assert!(
        auto.notes.iter().any(|note| note.contains(said)),
        "{:?}",
        auto.notes
    );
    let half = asked(Seasonal::Half);
    let errors = [
        train(&source, &half).unwrap_err(),
        evaluate(&source, &half, &Means::default()).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.exit_code(), 3);
        assert!(error.to_string().contains("needs 395 days"), "{error}");
    }
}
