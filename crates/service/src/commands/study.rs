//! `holdfast train`, `evaluate` and `score`.

use std::time::Duration;

use holdfast_model::LabelKind;

use super::{files, settings};
use crate::cli::terminal::{data, grouped, say, spinner};
use crate::cli::{Evaluate, Score, Task, Train};
use crate::report;
use crate::study::{self, Horizon, Learned, Lesson, Source, Threshold};

pub(super) fn train(args: &Train) -> anyhow::Result<()> {
    let settings = settings(args.config.config.as_deref())?;
    let source = Source::new(
        args.events.clone(),
        &settings,
        args.task.currency.as_deref(),
    )?;
    let mut lesson = lesson(
        &args.task,
        args.horizon_days,
        args.until,
        &args.train_cutoffs_ms,
    );
    lesson.threshold = args.threshold.wanted();
    let sign = spinner("training");
    let learned = study::train(&source, &lesson)?;
    sign.finish_and_clear();
    learned.notes.iter().for_each(say);
    files::write(&args.out, learned.json.as_bytes())?;
    if let Some(path) = &args.report {
        files::write(path, report::training_html(&learned.report)?.as_bytes())?;
    }
    if let Some(path) = &args.card {
        files::write(
            path,
            report::model_card_md(&learned.report, None)?.as_bytes(),
        )?;
    }
    if args.json {
        return Ok(data(&format!("{}\n", summary(&learned)))?);
    }
    say(said(&learned));
    if let Some(policy) = &learned.report.choices.policy {
        policy.words().iter().for_each(say);
    }
    say(format_args!(
        "written to {}; judge it with holdfast evaluate",
        args.out.display()
    ));
    Ok(())
}

fn said(learned: &Learned) -> String {
    let report = &learned.report;
    let (figures, on) = match &report.choices.unseen {
        Some(unseen) => (&unseen.metrics, "rows that the fit had not seen"),
        None => (&report.metrics, "the rows it was trained on"),
    };
    format!(
        "model {} from {} rows at {} cutoffs: AUC {:.3}, log-loss {:.3}, lift in the top tenth {:.2} on {on}",
        learned.model.id(),
        grouped(report.fit.rows),
        report.fit.cutoffs.len(),
        figures.roc_auc.value,
        figures.log_loss.value,
        figures.lift10.value,
    )
}

fn summary(learned: &Learned) -> serde_json::Value {
    let (model, report) = (&learned.model, &learned.report);
    serde_json::json!({
        "model": { "id": model.id(), "sha256": model.sha256() },
        "rows": report.fit.rows,
        "cutoffs": report.fit.cutoffs,
        "alpha": report.fit.alpha,
        "training_metrics": report.metrics,
        "choices": report.choices,
        "read": learned.read,
    })
}

fn lesson(task: &Task, horizon: Horizon, until_ms: Option<i64>, cutoffs: &[i64]) -> Lesson {
    let mut train_cutoffs_ms = cutoffs.to_vec();
    train_cutoffs_ms.sort_unstable();
    train_cutoffs_ms.dedup();
    Lesson {
        label: LabelKind::parse(&task.label),
        horizon,
        active_days: task.active_days,
        until_ms,
        train_cutoffs_ms,
        threshold: Threshold::default(),
        seasonal: task.seasonal,
    }
}

pub(super) fn evaluate(args: &Evaluate) -> anyhow::Result<()> {
    let settings = settings(args.config.config.as_deref())?;
    let source = Source::new(
        args.events.clone(),
        &settings,
        args.task.currency.as_deref(),
    )?;
    let lesson = lesson(&args.task, args.horizon_days, args.until, &[]);
    let sign = spinner("training on the past, scoring what came after");
    let evaluation = study::evaluate(&source, &lesson, &args.means.means())?;
    sign.finish_and_clear();
    evaluation.notes.iter().for_each(say);
    files::directory(&args.out_dir)?;
    let json = evaluation.metrics_json()?;
    let (html_path, json_path) = (
        args.out_dir.join("report.html"),
        args.out_dir.join("metrics.json"),
    );
    files::write(
        &html_path,
        report::backtest_html(&evaluation.report)?.as_bytes(),
    )?;
    files::write(&json_path, json.as_bytes())?;
    if args.json {
        data(&format!("{}\n", json.trim_end()))?;
    } else {
        data(&format!("{}\n", evaluation.table().trim_end()))?;
    }
    say(format_args!(
        "written to {} and {}",
        html_path.display(),
        json_path.display()
    ));
    Ok(())
}

pub(super) fn score(args: &Score) -> anyhow::Result<()> {
    let settings = settings(args.config.config.as_deref())?;
    let source = Source::new(args.events.clone(), &settings, args.currency.as_deref())?;
    let model = files::model(Some(&args.model))?;
    let mut cutoffs = args.cutoff_ms.clone();
    cutoffs.sort_unstable();
    cutoffs.dedup();
    let sign = spinner("scoring");
    let scores = study::score(&source, &model, &cutoffs, args.active_days)?;
    sign.finish_and_clear();
    let mut csv = Vec::new();
    scores.write_csv(&mut csv)?;
    files::write(&args.out, &csv)?;
    let seconds = |took: Duration| took.as_secs_f64();
    say(format_args!(
        "{} scores at {} cutoffs in {}: {:.2} s to read, {:.2} s to bring customers up to date, {:.2} s to score them",
        grouped(scores.rows.len() as u64),
        cutoffs.len(),
        args.out.display(),
        seconds(scores.took.reading),
        seconds(scores.took.applying),
        seconds(scores.took.scoring)
    ));
    Ok(())
}
