//! The first part of the demo: a shop, a model of it, and how good that model is.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Context;
use holdfast_model::Model;

use super::place::{Place, stream_from_ms};
use super::screen::Screen;
use super::trade::Trade;
use crate::cli;
use crate::cli::terminal::{bar, grouped, spinner};
use crate::config::Settings;
use crate::generate::{self, DAY_MS, DEFAULT_START_MS, LineFile, Params, Shop};
use crate::report;
use crate::study::{self, Horizon, Lesson, Seasonal, Source, Threshold};

pub(super) const HORIZON_DAYS: u32 = 30;

/// What was made up.
#[derive(Debug)]
pub(super) struct MadeUp {
    params: Params,
    /// Events that arrive before this instant are history, the others are streamed.
    pub(super) stream_from_ms: i64,
    /// Who left, and when.
    pub(super) truth: BTreeMap<String, Option<i64>>,
    pub(super) trade: Trade,
    /// What the label watches, from the stream's begin until a horizon after its end: what the alerts are about.
    watched: BTreeMap<String, Vec<i64>>,
}

impl MadeUp {
    /// The same events once more, day by day.
    pub(super) fn again(&self) -> Shop {
        Shop::new(&self.params)
    }

    /// Whether the customer leaves within the horizon after `at`, by the label.
    pub(super) fn leaves_after(&self, customer_id: &str, at: i64) -> bool {
        let until = at + i64::from(HORIZON_DAYS) * DAY_MS;
        let watched = self.watched.get(customer_id);
        let did = watched.is_some_and(|all| all.iter().any(|ts| (at + 1..=until).contains(ts)));
        self.trade.has_left(did)
    }
}

/// Writes the events up to the stream's end, and the truth; the days behind it stay unwritten.
pub(super) fn make_up(
    args: &cli::Demo,
    place: &Place,
    screen: &mut Screen,
) -> anyhow::Result<MadeUp> {
    let days = args.days + args.stream_days;
    let params = Params {
        preset: args.preset,
        customers: args.customers,
        days: days + HORIZON_DAYS,
        seed: args.seed,
        start_ms: DEFAULT_START_MS,
        // The engine derives them from idle carts.
        abandons: false,
    };
    let stream_from_ms = stream_from_ms(args);
    let trade = Trade(args.preset);
    let mut watched: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let bar = bar(u64::from(params.days), "making up the customers");
    let mut shop = Shop::new(&params);
    let mut out = LineFile::create(&place.events)?;
    while let Some(batch) = shop.next_day() {
        for event in batch {
            if event.kind() == trade.watched() && event.ts() >= stream_from_ms {
                watched
                    .entry(event.customer_id())
                    .or_default()
                    .push(event.ts());
            }
        }
        if shop.days_done() <= days {
            out.write(shop.due())?;
        }
        bar.set_position(u64::from(shop.days_done()));
    }
    let events = out.finish()?;
    generate::write_truth(&shop, &place.truth)?;
    bar.finish_and_clear();
    screen.step(
        trade.step(),
        format_args!(
            "{} customers, {days} days, {} events",
            grouped(u64::from(params.customers)),
            grouped(events),
        ),
    );
    Ok(MadeUp {
        stream_from_ms,
        truth: shop.truth().collect(),
        trade,
        watched,
        params,
    })
}

/// Trains on the history and judges by backtest; both see nothing of what is streamed later.
pub(super) fn learn(shop: &MadeUp, place: &Place, screen: &mut Screen) -> anyhow::Result<Model> {
    let source = Source::new(place.events.clone(), &Settings::defaults(), None)?;
    let lesson = Lesson {
        label: shop.trade.label(),
        horizon: Horizon::Days(HORIZON_DAYS),
        active_days: shop.trade.active_days(),
        until_ms: Some(shop.stream_from_ms - 1),
        train_cutoffs_ms: Vec::new(),
        threshold: Threshold::default(),
        seasonal: Seasonal::Off,
    };
    let sign = spinner("training on the history");
    let learned = study::train(&source, &lesson)?;
    sign.set_message("backtesting: train on the past, score what came after");
    let evaluation = study::evaluate(&source, &lesson, &study::Means::default())?;
    sign.finish_and_clear();
    write(&place.model, &learned.json)?;
    write(
        &place.model_report,
        &report::training_html(&learned.report)?,
    )?;
    let card = report::model_card_md(&learned.report, Some(&evaluation.report))?;
    write(&place.card, &card)?;
    fs::create_dir_all(&place.backtest)
        .with_context(|| format!("cannot make {}", place.backtest.display()))?;
    write(
        &place.backtest.join("report.html"),
        &report::backtest_html(&evaluation.report)?,
    )?;
    write(
        &place.backtest.join("metrics.json"),
        &evaluation.metrics_json()?,
    )?;
    screen.step(
        "model",
        format_args!(
            "chance of {}, logistic, {} rows at {} cutoffs",
            shop.trade.question(),
            grouped(learned.report.fit.rows),
            learned.report.fit.cutoffs.len(),
        ),
    );
    let overall = &evaluation.figures.overall.metrics;
    screen.step(
        "backtest",
        format_args!(
            "AUC {:.2}, lift in the top tenth {:.1}, calibration error {:.3}, on later weeks it had not seen",
            overall.roc_auc.value, overall.lift10.value, overall.ece.value,
        ),
    );
    Ok(learned.model)
}

fn write(path: &std::path::Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
