//! `holdfast train`: from an event file to a model file.

use holdfast_events::EventType;
use holdfast_model::file::{CutoffFigures, Parts};
use holdfast_model::metrics::{Scored, metrics};
use holdfast_model::rows::Rows;
use holdfast_model::season::{self, Seasonal, learn::Past};
use holdfast_model::train::{self, Trained};
use holdfast_model::watch::Spread;
use holdfast_model::{Label, LabelKind, Model, Provenance, cutoffs, probability, start};

use super::load::{Log, Read, load};
use super::policy::Ground;
use super::{Error, Horizon, Source, Threshold, horizon, judge, policy, practice, views};
use crate::report;

/// What is to be learned.
#[derive(Debug, Clone)]
pub struct Lesson {
    pub label: LabelKind,
    pub horizon: Horizon,
    /// Twice the horizon if none is given.
    pub active_days: Option<u32>,
    /// Nothing later is used, label windows included; the end of the last event's UTC day if none is given.
    pub until_ms: Option<i64>,
    /// Training cutoffs, ascending; by the rule if empty.
    pub train_cutoffs_ms: Vec<i64>,
    /// Where alerts are to open.
    pub threshold: Threshold,
    /// Whether the time of the year is to count.
    pub seasonal: Seasonal,
}

/// A trained model with all that is to be told about it.
#[derive(Debug)]
pub struct Learned {
    pub model: Model,
    /// Bytes of the model file.
    pub json: String,
    pub report: report::Training,
    pub read: Read,
    /// Remarks for the person at the terminal.
    pub notes: Vec<String>,
}

/// Trains a model. Equal input gives an equal file.
///
/// # Errors
/// Everything in [`Error`].
pub fn train(source: &Source, lesson: &Lesson) -> Result<Learned, Error> {
    horizon::check(lesson)?;
    lesson.threshold.check()?;
    let mut log = load(source, lesson.label.clone(), None)?;
    let until_ms = lesson.until_ms.unwrap_or(cutoffs::day_end(log.last_ms));
    log.history.finish(until_ms);
    let (label, why) = horizon::settle(lesson, &log, until_ms)?;
    let cutoffs = match lesson.train_cutoffs_ms.as_slice() {
        [] => cutoffs::training(first(&log, until_ms)?, until_ms, label.horizon_days)?,
        given => given.to_vec(),
    };
    let (rows, trained) = fit(&log, source, &label, &cutoffs, until_ms)?;
    let judged = judge::judge(&rows, &label, &trained)?;
    let mut learned = finish(&log, source, label.clone(), until_ms, (&rows, &trained))?;
    let ground = Ground {
        log: &log,
        source,
        label: &label,
        until_ms,
        base_rate: rows.base_rate(0..rows.len()),
    };
    let practice = practice::learn(&rows, &ground, &trained, &judged);
    let told = practice::view(&rows, &practice);
    let model = learned.model.with_practice(practice)?;
    // By the days before its end, where there is no season yet.
    let (model, policy) = policy::choose(model, &lesson.threshold, &ground, &judged)?;
    let past = past(&log, source, &label, until_ms);
    let season = season::learn::learn(&past, &rows, &trained, lesson.seasonal)?;
    let shown = season.as_ref().map(views::season);
    let model = model.with_season(season.and_then(|found| found.season))?;
    learned.json = model.to_json()?;
    learned.report.sha256 = model.sha256().to_owned();
    learned.model = model;
    learned.notes = notes(&log, &rows, &why);
    learned
        .notes
        .extend(shown.iter().flat_map(report::Season::words));
    learned.report.choices = report::Choices {
        unseen: Some(judged.view()),
        policy,
        unknown_start: unknown_start(&log),
        recalibration: trained.recalibration.map(views::recalibration),
        season: shown,
        horizon: why,
        practice: Some(told),
    };
    Ok(learned)
}

/// Time of the first event that may be used.
pub(super) fn first(log: &Log, until_ms: i64) -> Result<i64, Error> {
    let none = || holdfast_model::Error::DataTooSmall(format!("no event up to {until_ms}"));
    Ok(log.history.first_ms().ok_or_else(none)?)
}

/// Refuses a label that nothing in the log can decide, most often a misspelt event type.
pub(super) fn decidable(log: &Log, label: &LabelKind) -> Result<(), Error> {
    if log.history.matching() > 0 {
        return Ok(());
    }
    let what = match label {
        LabelKind::Purchase => "the log holds no purchase".to_owned(),
        LabelKind::Any => "the log holds nothing that a customer did".to_owned(),
        LabelKind::Event(name) if EventType::from_name(name).is_some() => {
            format!("the log holds no event of type {name:?}")
        }
        LabelKind::Event(name) => format!(
            "the log holds no event of type {name:?}, did you mean {:?}",
            EventType::nearest(name)
        ),
    };
    Err(holdfast_model::Error::DataTooSmall(what).into())
}

/// Rows at these cutoffs and the fit on them.
pub(super) fn fit(
    log: &Log,
    source: &Source,
    label: &Label,
    cutoffs: &[i64],
    until_ms: i64,
) -> Result<(Rows, Trained), Error> {
    let rows = Rows::collect(&log.history, label, log.store(source), cutoffs, until_ms)?;
    let trained = train::train(&rows, label)?;
    Ok((rows, trained))
}

/// What a season is learned from.
pub(super) fn past<'a>(log: &'a Log, source: &Source, label: &'a Label, until_ms: i64) -> Past<'a> {
    Past {
        history: &log.history,
        label,
        settings: log.store(source),
        until_ms,
    }
}

fn finish(
    log: &Log,
    source: &Source,
    label: Label,
    until_ms: i64,
    (rows, trained): (&Rows, &Trained),
) -> Result<Learned, Error> {
    let scored: Vec<Scored> = (0..rows.len())
        .map(|row| Scored {
            p: probability(trained.corrected(train::log_odds(trained.design.row(row), trained))),
            left: rows.left[row],
            customer: rows.customer[row],
        })
        .collect();
    let span = views::span(log, until_ms);
    let overall = metrics(&by_id(log, scored.clone()));
    let provenance = Provenance {
        made_by: concat!("holdfast ", env!("CARGO_PKG_VERSION")).to_owned(),
        events: span.events,
        customers: span.customers,
        first_ms: span.first_ms,
        last_ms: span.last_ms,
        until_ms,
        rows: rows.len() as u64,
        base_rate: rows.base_rate(0..rows.len()),
        alpha: trained.alpha,
        validation: trained.validation.clone(),
        cutoffs: figures(rows, &scored),
        metrics: overall,
    };
    let model = Model::new(Parts {
        id: format!(
            "{}-{}d-{}",
            label.kind.name(),
            label.horizon_days,
            date(until_ms)
        ),
        label: label.clone(),
        currency: log.currency.clone(),
        cart_abandon: source.carts().into(),
        intercept: trained.intercept,
        constants: rows.population,
        columns: trained.columns.clone(),
        training: Some(provenance),
    })?
    .with_calibration(trained.calibration)?;
    let used: Vec<String> = model.columns().iter().map(|c| c.feature.clone()).collect();
    let model = model.with_reference(Spread::of_rows(rows, &used))?;
    let report = report::Training {
        model_id: model.id().to_owned(),
        sha256: model.sha256().to_owned(),
        task: views::task(&label, log, source),
        span,
        fit: views::fit(rows, trained),
        metrics: views::figures(&overall),
        curves: views::curves(&by_id(log, scored)),
        choices: report::Choices::default(),
    };
    Ok(Learned {
        json: model.to_json()?,
        model,
        report,
        read: log.read.clone(),
        notes: Vec::new(),
    })
}

fn figures(rows: &Rows, scored: &[Scored]) -> Vec<CutoffFigures> {
    let at = |i: usize| CutoffFigures {
        cutoff_ms: rows.cutoffs[i],
        rows: rows.range(i).len() as u64,
        base_rate: rows.base_rate(rows.range(i)),
        metrics: metrics(&scored[rows.range(i)]),
    };
    (0..rows.cutoffs.len()).map(at).collect()
}

/// Rows by the bytes of the customer's id, then in the order in which they are (by cutoff).
pub(super) fn by_id(log: &Log, mut rows: Vec<Scored>) -> Vec<Scored> {
    rows.sort_by(|a, b| {
        log.history
            .id(a.customer)
            .as_bytes()
            .cmp(log.history.id(b.customer).as_bytes())
    });
    rows
}

/// The UTC day as it stands in model ids: 19980630.
fn date(ms: i64) -> String {
    let day = jiff::Timestamp::from_millisecond(ms).map(|at| at.strftime("%Y%m%d").to_string());
    day.unwrap_or_else(|_| ms.to_string())
}

/// What a person should know about the data that was read.
pub(super) fn notes(log: &Log, rows: &Rows, horizon: &[String]) -> Vec<String> {
    let mut notes = horizon.to_vec();
    notes.extend(unknown_start(log));
    let rejected: u64 = log.read.rejected.values().sum();
    if rejected > 0 {
        let reasons: Vec<String> = log
            .read
            .rejected
            .iter()
            .map(|(reason, n)| format!("{reason} {n}"))
            .collect();
        notes.push(format!(
            "{rejected} of {} lines rejected: {}",
            log.read.lines,
            reasons.join(", ")
        ));
    }
    if log.read.other_currency > 0 {
        notes.push(format!(
            "{} events in other currencies left out",
            log.read.other_currency
        ));
    }
    if log.read.erased > 0 {
        notes.push(format!(
            "{} events left out because their customers had been erased",
            log.read.erased
        ));
    }
    if rows.counts.cart_abandon_given > 0 {
        notes.push(format!(
            "{} cart_abandon events left out, because abandons are derived from idle carts; to take them as given set \
             [features.cart_abandon] source = \"given\"",
            rows.counts.cart_abandon_given
        ));
    }
    if rows.counts.duplicate > 0 {
        notes.push(format!(
            "{} duplicate events left out",
            rows.counts.duplicate
        ));
    }
    notes
}

/// What to know of a log that begins in the middle of its customers' lives.
fn unknown_start(log: &Log) -> Option<String> {
    let found = start::unknown(&log.history)?;
    Some(format!(
        "The log seems to begin in the middle of things: of {} customers about {} were probably there before it. What \
         is counted over a whole life (tenure, all purchases) begins with the log for them, in training as in service; \
         older events would tell more.",
        found.all, found.customers
    ))
}
