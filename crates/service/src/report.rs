//! The reports people look at: backtest, training, watch and retention, and the model card.
//!
//! A report is one HTML file with inline style and inline SVG. It has no script and loads nothing,
//! it reads on a phone and in a dark room, and the same input gives the same bytes.

use anyhow::{Context, Result};
use minijinja::{AutoEscape, Environment, Value, context};

mod card;
mod choices;
mod contacting;
mod curves;
mod numbers;
mod plain;
mod plots;
mod practice;
mod retention;
mod verdict;
mod view;
mod watch;

pub use choices::{Choices, Policy, Profit, Recalibration, Season, Unseen};
pub use contacting::{Contacting, LeadTime, Point, Top};
pub use practice::{Cuts, Practice, Spend};
pub use retention::retention_html;
pub use view::{
    Backtest, Bin, Column, Curves, Fit, Gain, Interval, Label, Metrics, Rival, Span, Task,
    TestCutoff, TrainCutoff, Training,
};
pub use watch::watch_html;

const TEMPLATES: [(&str, &str); 8] = [
    ("page.html", include_str!("report/templates/page.html")),
    ("parts.html", include_str!("report/templates/parts.html")),
    ("style.css", include_str!("report/templates/style.css")),
    (
        "backtest.html",
        include_str!("report/templates/backtest.html"),
    ),
    (
        "training.html",
        include_str!("report/templates/training.html"),
    ),
    (
        "retention.html",
        include_str!("report/templates/retention.html"),
    ),
    ("watch.html", include_str!("report/templates/watch.html")),
    ("card.md", include_str!("report/templates/card.md")),
];

/// The report of `holdfast evaluate`.
pub fn backtest_html(backtest: &Backtest) -> Result<String> {
    let curves = &backtest.curves;
    let columns = strongest_first(&backtest.fit);
    let top = curves.gain(0.1).map_or(0.0, Gain::precision);
    let base_rate = curves.base_rate();
    let rivals = verdict::rivals(backtest);
    let mut cautions = plain::cautions(backtest);
    cautions.extend(verdict::cautions(backtest));
    let found = backtest.contacting.as_ref();
    let rows = (curves.rows(), base_rate);
    render(
        "backtest.html",
        context! {
            backtest,
            question => plain::question(&backtest.task),
            said => plain::said(curves),
            contacts => plain::contacts(curves),
            figures => plain::figures(&backtest.cutoffs, &backtest.overall, base_rate),
            facts => verdict::facts(backtest),
            cautions,
            deciles => bins_of(&curves.deciles),
            bins => bin_rows(curves),
            rows => curves.rows(),
            left => curves.left(),
            base_rate,
            columns,
            shown => plots::FOREST_ROWS,
            hundred => plots::hundred("hundred", base_rate, top)?,
            calibration => plots::calibration("calibration", curves)?,
            gains => plots::gains("gains", curves)?,
            scores => plots::scores("scores", &curves.scores)?,
            forest => plots::forest("forest", &columns)?,
            timeline => timeline(backtest)?,
            versus => plots::rivals("versus", &rivals)?,
            precision => found.map(|found| plots::precision("precision", found, rows)).transpose()?,
            profit => found.map(|found| plots::profit("profit", found)).transpose()?,
            rivals,
        },
    )
}

/// The report of `holdfast train --report R.html`, with the model card at its end.
pub fn training_html(training: &Training) -> Result<String> {
    let curves = &training.curves;
    let columns = strongest_first(&training.fit);
    let windows = plots::Windows {
        span: &training.span,
        train: training
            .fit
            .cutoffs
            .iter()
            .map(|cutoff| cutoff.cutoff_ms)
            .collect(),
        test: Vec::new(),
        horizon_days: training.task.horizon_days,
    };
    render(
        "training.html",
        context! {
            training,
            question => plain::question(&training.task),
            figures => plain::figures(&[], &training.metrics, curves.base_rate()),
            bins => bin_rows(curves),
            rows => curves.rows(),
            left => curves.left(),
            base_rate => curves.base_rate(),
            columns,
            shown => plots::FOREST_ROWS,
            card => card::sections(training, None),
            calibration => plots::calibration("calibration", curves)?,
            scores => plots::scores("scores", &curves.scores)?,
            forest => plots::forest("forest", &columns)?,
            timeline => plots::timeline("timeline", &windows)?,
        },
    )
}

/// The model card as Markdown. With the backtest of the same task it quotes honest figures,
/// without it only those of the training rows, named as such.
pub fn model_card_md(training: &Training, backtest: Option<&Backtest>) -> Result<String> {
    render(
        "card.md",
        context! { training, sections => card::sections(training, backtest) },
    )
}

fn timeline(backtest: &Backtest) -> Result<plots::Figure> {
    let windows = plots::Windows {
        span: &backtest.span,
        train: backtest
            .fit
            .cutoffs
            .iter()
            .map(|cutoff| cutoff.cutoff_ms)
            .collect(),
        test: backtest
            .cutoffs
            .iter()
            .map(|cutoff| cutoff.cutoff_ms)
            .collect(),
        horizon_days: backtest.task.horizon_days,
    };
    plots::timeline("timeline", &windows)
}

/// Columns by falling size of the coefficient; equal ones keep the model's order.
fn strongest_first(fit: &Fit) -> Vec<Column> {
    let mut columns = fit.columns.clone();
    columns.sort_by(|a, b| b.coefficient.abs().total_cmp(&a.coefficient.abs()));
    columns
}

/// The calibration table: the same counts as in the plot, for those who can't see it.
fn bin_rows(curves: &Curves) -> Vec<Value> {
    bins_of(&curves.calibration)
}

fn bins_of(bins: &[Bin]) -> Vec<Value> {
    let filled = bins.iter().filter(|bin| bin.rows() > 0);
    filled
        .map(|bin| {
            let (lo, hi) = bin.observed_interval();
            context! {
                from => bin.lo, to => bin.hi, rows => bin.rows(), left => bin.left,
                said => bin.mean(), happened => bin.observed(), lo, hi,
            }
        })
        .collect()
}

fn render(template: &str, values: Value) -> Result<String> {
    let mut env = Environment::new();
    env.set_auto_escape_callback(|name| match name.ends_with(".html") {
        true => AutoEscape::Html,
        false => AutoEscape::None,
    });
    env.set_trim_blocks(true);
    env.set_lstrip_blocks(true);
    env.set_keep_trailing_newline(true);
    numbers::register(&mut env);
    for (name, source) in TEMPLATES {
        env.add_template(name, source)
            .with_context(|| format!("template {name} is broken"))?;
    }
    let template = env.get_template(template)?;
    template
        .render(values)
        .with_context(|| format!("cannot render {}", template.name()))
}
