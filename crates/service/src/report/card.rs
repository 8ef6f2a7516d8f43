//! The model card, written once and rendered twice: as Markdown and as a section of the training
//! report.

use serde::Serialize;

use super::{
    curves::ratio,
    numbers::{date, fixed, grouped, percent},
    plain,
    view::{Backtest, Interval, Metrics, Training},
};

/// A heading with paragraphs and list items below it.
#[derive(Debug, Serialize)]
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) text: Vec<String>,
    pub(super) items: Vec<String>,
}

pub(super) fn sections(training: &Training, backtest: Option<&Backtest>) -> Vec<Section> {
    let mut sections = vec![
        purpose(training),
        data(training),
        method(training),
        quality(training, backtest),
    ];
    sections.extend(training.choices.sections());
    sections.extend([limits(training), identity(training)]);
    sections
}

fn purpose(training: &Training) -> Section {
    let question = plain::question(&training.task);
    Section {
        title: "What it is for",
        text: vec![
            format!(
                "It answers one question: how probable is it that a customer will {}? \
                 Left means: the customer {}. Predictions are made for {}.",
                question.leave, question.left, question.population
            ),
            "Meant for choosing whom to contact, and for measuring risk over time. Not meant for \
             prices, credit, refusals of service or any decision against a customer."
                .to_owned(),
        ],
        items: Vec::new(),
    }
}

fn data(training: &Training) -> Section {
    let (span, fit) = (&training.span, &training.fit);
    let left: f64 = fit
        .cutoffs
        .iter()
        .map(|c| c.base_rate * c.rows as f64)
        .sum();
    let currency = training.task.currency.as_deref().unwrap_or("none");
    Section {
        title: "Data",
        text: vec![format!(
            "{} events of {} customers, {} to {}. Nothing after {} was used, label windows included.",
            grouped(span.events),
            grouped(span.customers),
            date(span.first_ms),
            date(span.last_ms),
            date(span.until_ms)
        )],
        items: vec![
            format!(
                "Training rows: {} at {} cutoffs, {} of them left",
                grouped(fit.rows),
                fit.cutoffs.len(),
                percent(ratio(left, fit.rows as f64), 1)
            ),
            format!("Currency: {currency}"),
            format!("Abandoned carts: {}", training.task.cart_abandon),
        ],
    }
}

fn method(training: &Training) -> Section {
    let fit = &training.fit;
    let items = vec![
        format!("Columns: {}", fit.columns.len()),
        format!("L2 penalty (alpha): {}", fit.alpha),
        format!("Intercept: {}", fixed(fit.intercept, 4)),
    ];
    Section {
        title: "Method",
        text: vec![
            "Logistic regression with an L2 penalty. Each feature is held in its range in the \
             training rows, transformed, standardised, and multiplied by its coefficient; the sum \
             is the log-odds of leaving. Features are computed by the same code in training and in \
             service, from events up to the cutoff only."
                .to_owned(),
        ],
        items,
    }
}

fn quality(training: &Training, backtest: Option<&Backtest>) -> Section {
    let (text, metrics) = match backtest {
        Some(backtest) => (
            format!(
                "Backtest of the same recipe: learned from earlier cutoffs, then tested on {} rows at \
                 {} later ones. In brackets the 95 % interval over customers.",
                grouped(backtest.curves.rows()),
                backtest.cutoffs.len()
            ),
            &backtest.overall,
        ),
        None => (
            "Measured on the rows it learned from, so too good by nature. Run `holdfast evaluate` \
             on the same events for honest figures."
                .to_owned(),
            &training.metrics,
        ),
    };
    Section {
        title: "How good it is",
        text: vec![text],
        items: quoted(metrics),
    }
}

pub(super) fn quoted(metrics: &Metrics) -> Vec<String> {
    let quote = |name: &str, at: Interval| {
        format!(
            "{name}: {} [{}, {}]",
            fixed(at.value, 4),
            fixed(at.lo, 4),
            fixed(at.hi, 4)
        )
    };
    vec![
        quote("ROC AUC", metrics.roc_auc),
        quote("PR AUC", metrics.pr_auc),
        quote("Log-loss", metrics.log_loss),
        quote("Brier", metrics.brier),
        quote("ECE, 10 bins", metrics.ece),
        quote("Lift in the top 10 %", metrics.lift10),
    ]
}

fn limits(training: &Training) -> Section {
    let mut items = vec![
        "It knows only the events it is sent. Prices, rivals and moods are not among them.".into(),
        "Coefficients are associations, not causes; features that move together share their weight."
            .to_owned(),
        "Once alerts change what the team does, what happens next is no longer untouched. Keep a \
         random group without contact, or the effect cannot be measured."
            .to_owned(),
        "Watch the mean prediction against what came true, and train again when they part.".into(),
    ];
    items.extend(plain::season(&training.span));
    Section {
        title: "Limits and duties",
        text: Vec::new(),
        items,
    }
}

fn identity(training: &Training) -> Section {
    Section {
        title: "Identity",
        text: Vec::new(),
        items: vec![
            format!("Model: `{}`", training.model_id),
            format!("SHA-256: `{}`", training.sha256),
            format!(
                "Label: `{}`, horizon {} days, active within {} days",
                plain::question(&training.task).label,
                training.task.horizon_days,
                training.task.active_days
            ),
        ],
    }
}
