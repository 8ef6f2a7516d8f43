//! The reports are whole, honest about their figures, safe against names from the data, and always
//! the same bytes. How they look is checked in a browser (`tests/browser/check.mjs`).
//!
//! The fixtures are what `evaluate` and `train` found on CDNOW with a horizon of 90 days.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails by panicking")]

use std::collections::BTreeSet;

use holdfast_service::report::{
    Backtest, Curves, Interval, Label, Metrics, Training, backtest_html, model_card_md,
    training_html,
};

fn backtest() -> Backtest {
    serde_json::from_str(include_str!("fixtures/backtest.json")).unwrap()
}

fn training() -> Training {
    serde_json::from_str(include_str!("fixtures/training.json")).unwrap()
}

/// The tags of a page in order, without comments and style.
fn tags(html: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let (before, style) = html.split_once("<style>").unwrap();
    let (_, after) = style.split_once("</style>").unwrap();
    for part in [before, after] {
        for piece in part.split('<').skip(1) {
            out.push(piece.split_once('>').unwrap().0);
        }
    }
    out
}

fn name(tag: &str) -> &str {
    tag.split([' ', '\n', '/']).next().unwrap()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(rest.split_once('"')?.0)
}

/// What holds for any report, whatever is in it.
fn check(html: &str, plots: usize) {
    for outside in [
        "http:", "https:", "<script", "src=", "url(", "@import", "<link",
    ] {
        assert!(!html.contains(outside), "the report contains {outside}");
    }
    let tags = tags(html);
    let count = |wanted: &str| tags.iter().filter(|tag| name(tag) == wanted).count();
    assert_eq!(count("h1"), 1);
    assert_eq!(count("svg"), plots);
    assert_eq!(count("caption"), count("table"));
    check_nesting(&tags);
    let all: Vec<&str> = tags.iter().filter_map(|tag| attribute(tag, "id")).collect();
    let ids: BTreeSet<&str> = all.iter().copied().collect();
    assert_eq!(all.len(), ids.len(), "an id is given twice");
    for tag in &tags {
        for id in attribute(tag, "aria-labelledby")
            .unwrap_or("")
            .split_whitespace()
        {
            assert!(
                ids.contains(id),
                "{tag} is labelled by {id}, which is nowhere"
            );
        }
        let local = attribute(tag, "href").and_then(|link| link.strip_prefix('#'));
        assert!(
            local.is_none_or(|id| ids.contains(id)),
            "{tag} leads nowhere"
        );
        if name(tag) == "svg" {
            assert_eq!(attribute(tag, "role"), Some("img"));
            assert!(attribute(tag, "aria-labelledby").is_some());
        }
    }
}

/// Every tag is closed in order, and no heading skips a level.
fn check_nesting(tags: &[&str]) {
    const VOID: [&str; 2] = ["!doctype", "meta"];
    let (mut open, mut level) = (Vec::new(), 0);
    for tag in tags {
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed));
        } else if !tag.ends_with('/') && !VOID.contains(&name(tag)) {
            open.push(name(tag));
        }
        if let Some(Ok(next)) = name(tag).strip_prefix('h').map(str::parse::<u32>) {
            assert!(next <= level + 1, "h{next} after h{level}");
            level = next;
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

/// Text without tags, runs of white space as one space.
fn words(html: &str) -> String {
    let mut out = String::new();
    for piece in html.split('<') {
        out.push_str(piece.split_once('>').map_or(piece, |(_, text)| text));
    }
    let out = out
        .replace("&nbsp;", " ")
        .replace("&#x2f;", "/")
        .replace('\u{a0}', " ");
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn backtest_report_is_whole_and_stands_alone() {
    check(&backtest_html(&backtest()).unwrap(), 9);
}

#[test]
fn training_report_is_whole_and_stands_alone() {
    check(&training_html(&training()).unwrap(), 4);
}

#[test]
fn backtest_report_tells_what_happened_in_plain_words() {
    let text = words(&backtest_html(&backtest()).unwrap());
    for said in [
        "Backtest: who will buy nothing for 90 days?",
        "the customer bought nothing in the 90 days after the prediction",
        "Of all customers, 60 of 100 left.",
        "77 of 100 left of the customers to whom it gave about 75 % (4,101 predictions; range",
        "Better than a rule of thumb Of 100 pairs of one who left and one who stayed, it put 71.9 in the right order.",
        "warned in time of those who left",
        "per 1,000 customers (between",
        "These amounts are an example; give your own with --value, --saved and --cost.",
        "The share that leaves moved between learning (77.2 %) and testing (59.6 %)",
        "customers who had bought something in the 180 days before",
    ] {
        assert!(text.contains(said), "missing: {said}");
    }
}

#[test]
fn every_baseline_is_named_with_its_interval() {
    let backtest = backtest();
    let text = words(&backtest_html(&backtest).unwrap());
    assert_eq!(backtest.rivals.len(), 4);
    for rival in &backtest.rivals {
        let gain = rival.auc_gain;
        let said = format!("{:+.4}{:+.3} to {:+.3}", gain.value, gain.lo, gain.hi);
        assert!(text.contains(&said), "missing: {said}");
    }
    for name in [
        "Rule of thumb (RFM)",
        "Plain logistic (RFM)",
        "MBG/NBD",
        "BG/NBD",
    ] {
        assert!(text.contains(name), "missing: {name}");
    }
}

#[test]
fn a_rival_that_is_better_is_said_before_all_else() {
    let mut backtest = backtest();
    let worse = Interval {
        value: -0.03,
        lo: -0.04,
        hi: -0.02,
    };
    backtest.rivals[0].auc_gain = worse;
    let text = words(&backtest_html(&backtest).unwrap());
    assert!(text.contains("Worse than a rule of thumb"));
    assert!(text.contains("Rule of thumb (RFM) did better on these customers."));
    backtest.rivals[0].auc_gain.hi = 0.01;
    let text = words(&backtest_html(&backtest).unwrap());
    assert!(text.contains("No clear gain over a rule of thumb"));
}

#[test]
fn amounts_at_which_no_contact_pays_are_said_to_be_such() {
    let mut backtest = backtest();
    let found = backtest.contacting.as_mut().unwrap();
    found.rule_share = 0.0;
    found.best = None;
    let text = words(&backtest_html(&backtest).unwrap());
    assert!(text.contains("No contact pays at these amounts"));
    assert!(text.contains("each costs more than it brings, even at the top of the list"));
}

#[test]
fn report_stored_before_lists_and_baselines_is_still_a_report() {
    let mut backtest = backtest();
    backtest.rivals.clear();
    backtest.contacting = None;
    backtest.curves.deciles.clear();
    check(&backtest_html(&backtest).unwrap(), 7);
}

#[test]
fn every_figure_of_the_backtest_is_in_its_table() {
    let backtest = backtest();
    let text = words(&backtest_html(&backtest).unwrap());
    let all = backtest.cutoffs.iter().map(|cutoff| cutoff.metrics);
    for m in all.chain([backtest.overall]) {
        for at in [m.roc_auc, m.pr_auc, m.log_loss, m.brier, m.ece, m.lift10] {
            let said = format!("{:.4}{:.3} to {:.3}", at.value, at.lo, at.hi);
            assert!(text.contains(&said), "missing: {said}");
        }
    }
    for column in &backtest.fit.columns {
        assert!(
            text.contains(&column.feature),
            "missing: {}",
            column.feature
        );
    }
}

#[test]
fn same_input_gives_the_same_bytes() {
    assert_eq!(
        backtest_html(&backtest()).unwrap(),
        backtest_html(&backtest()).unwrap()
    );
    assert_eq!(
        training_html(&training()).unwrap(),
        training_html(&training()).unwrap()
    );
}

#[test]
fn names_from_the_data_cannot_break_out_of_the_page() {
    let hostile = "\"><script>alert('x')</script>&".to_owned();
    let mut backtest = backtest();
    backtest.task.label = Label::Event(hostile.clone());
    backtest.fit.columns[0].feature = hostile.clone();
    check(&backtest_html(&backtest).unwrap(), 9);
    let mut training = training();
    training.model_id = hostile.clone();
    training.task.currency = Some(hostile);
    check(&training_html(&training).unwrap(), 4);
}

#[test]
fn report_without_rows_columns_or_figures_is_still_a_report() {
    let nothing = Interval {
        value: f64::NAN,
        lo: f64::NAN,
        hi: f64::NAN,
    };
    let nothing = Metrics {
        roc_auc: nothing,
        pr_auc: nothing,
        log_loss: nothing,
        brier: nothing,
        ece: nothing,
        lift10: nothing,
    };
    let mut backtest = backtest();
    backtest.curves = Curves::of(&[]);
    backtest.fit.columns.clear();
    backtest.cutoffs.clear();
    backtest.overall = nothing;
    let html = backtest_html(&backtest).unwrap();
    check(&html, 9);
    let text = words(&html);
    assert!(text.contains("ROC AUC") && text.contains("n/a"));
    assert!(
        !text.contains("NaN"),
        "{}",
        text.split("NaN").next().unwrap()
    );
}

#[test]
fn weak_ranking_and_few_leavers_are_cautioned_against() {
    let mut backtest = backtest();
    backtest.overall.roc_auc = Interval {
        value: 0.52,
        lo: 0.47,
        hi: 0.57,
    };
    let rows: Vec<(f64, bool)> = (0..500)
        .map(|i| (f64::from(i) / 500.0, i % 10 == 0))
        .collect();
    backtest.curves = Curves::of(&rows);
    let text = words(&backtest_html(&backtest).unwrap());
    assert!(text.contains("of 100 pairs it puts 52.0 in the right order, perhaps only 47.0,"));
    assert!(text.contains("Only 50 of the 500 test rows left"));
}

#[test]
fn each_label_has_its_own_words() {
    let mut training = training();
    training.task.label = Label::Any;
    let text = words(&training_html(&training).unwrap());
    assert!(text.contains("showed no activity of any kind in the 90 days after"));
    training.task.label = Label::Event("subscription_cancel".to_owned());
    training.task.active_days = 0;
    let text = words(&training_html(&training).unwrap());
    assert!(text.contains("who will have the event subscription_cancel within 90 days?"));
    assert!(text.contains("active ever and had not had subscription_cancel yet"));
}

#[test]
fn model_card_names_the_model_and_says_which_rows_its_figures_are_of() {
    let (training, backtest) = (training(), backtest());
    let alone = model_card_md(&training, None).unwrap();
    assert!(alone.starts_with(&format!("# Model card: {}\n", training.model_id)));
    assert!(alone.contains(&format!("SHA-256: `{}`", training.sha256)));
    assert!(alone.contains("rows it learned from, so too good by nature"));
    let tested = model_card_md(&training, Some(&backtest)).unwrap();
    assert!(tested.contains("tested on 17,964 rows at 3 later ones"));
    assert!(tested.contains(&format!("ROC AUC: {:.4}", backtest.overall.roc_auc.value)));
    assert!(!tested.contains("\n\n\n"), "blank lines pile up");
}
