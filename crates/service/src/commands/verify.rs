//! `holdfast verify`.

use anyhow::{Context as _, bail};
use holdfast_model::Model;

use super::{files, settings};
use crate::cli::Verify;
use crate::cli::terminal::{bar, counted, data, grouped, say};
use crate::run::RunError;
use crate::verify::{Args, Example, Report, Stretch, verify as compare};

pub(super) fn verify(args: &Verify) -> anyhow::Result<()> {
    let settings = settings(args.config.config.as_deref())?;
    let own = settings.model_path.as_deref();
    let given = args.model.iter().map(|path| Some(path.as_path()));
    let mut models: Vec<Model> = Vec::new();
    // The configuration's is not needed where others are given.
    for path in own.map(Some).into_iter().chain(given.clone()) {
        match files::model(path) {
            Ok(model) => models.push(model),
            Err(_) if path == own && !args.model.is_empty() => {}
            Err(error) => return Err(error.into()),
        }
    }
    if models.is_empty() {
        files::model(None)?;
    }
    let progress = bar(0, "verifying");
    let wanted = Args {
        from_snapshot: args.from_snapshot.clone(),
        show: args.show,
    };
    let report = compare(&settings, &models, &wanted, &mut |done| {
        progress.set_length(done.of.max(done.records));
        progress.set_position(done.records);
    })?;
    progress.finish_and_clear();
    if args.json {
        let text = serde_json::to_string(&report).context("the report is no JSON")?;
        data(&format!("{text}\n"))?;
    } else {
        data(&words(&report))?;
    }
    end(&report)
}

/// A difference is 1; where nothing differs, but something could not be compared, 78 says so.
fn end(report: &Report) -> anyhow::Result<()> {
    for why in &report.not_checked {
        say(format_args!("not checked: {why}"));
    }
    if !report.equal {
        if report.partitions.iter().any(|stretch| stretch.misplaced) {
            say(
                "some keys are in other partitions than Kafka's own hash gives them: if the input was rescaled, begin \
                 with a snapshot of after that (--from-snapshot)",
            );
        }
        bail!(
            "what was served is not what input and journal give: {}",
            counted(report.faults(), "difference")
        );
    }
    if !report.not_checked.is_empty() {
        let text = "nothing differs, but not everything could be compared";
        return Err(RunError::Config(text.to_owned()).into());
    }
    say("what was served is what input and journal give, bit for bit");
    Ok(())
}

fn words(report: &Report) -> String {
    let mut text = String::new();
    for example in &report.differences {
        text.push_str(&told(example));
    }
    for stretch in &report.partitions {
        text.push_str(&covered(stretch));
    }
    let alerts = &report.alerts;
    let counts = [
        (alerts.different, "different"),
        (alerts.missing, "missing"),
        (alerts.unexpected, "unexpected"),
        (alerts.doubled, "doubled"),
        (alerts.unreadable, "unreadable"),
    ];
    let mut line = format!(
        "{} compared: {} equal",
        counted(alerts.compared, "alert"),
        grouped(alerts.equal)
    );
    for (count, what) in counts {
        line.push_str(&format!(", {} {what}", grouped(count)));
    }
    for (count, what) in [
        (alerts.by_id, "found by their id only"),
        (alerts.retired, "gone by the topic's retention"),
        (alerts.later, "of later commits"),
        (alerts.unknown, "of what could not be recomputed"),
    ] {
        if count > 0 {
            line.push_str(&format!("; {} {what}", grouped(count)));
        }
    }
    text.push_str(&format!(
        "{line}\n{} compared, {} different\n",
        counted(report.facts.compared, "decision"),
        grouped(report.facts.different)
    ));
    text
}

fn told(example: &Example) -> String {
    let mut line = format!("{:<10}  {}", example.what, example.alert_id);
    if let Some(place) = &example.place {
        line.push_str(&format!("  {place}"));
    }
    if let (Some(partition), Some(offset)) = (example.partition, example.offset) {
        line.push_str(&format!(" partition {partition} offset {offset}"));
    }
    if let Some(number) = example.line {
        line.push_str(&format!(" line {number}"));
    }
    match (example.input_partition, example.input_offset) {
        (Some(partition), Some(offset)) => {
            line.push_str(&format!(
                "  of the input's partition {partition} offset {offset}"
            ));
        }
        (Some(partition), None) => {
            line.push_str(&format!("  of the input's partition {partition}"));
        }
        _ => {}
    }
    if !example.fields.is_empty() {
        line.push_str(&format!("  {}", example.fields.join(", ")));
    }
    line.push('\n');
    for (who, value) in [("computed", &example.computed), ("served", &example.served)] {
        if let Some(value) = value {
            line.push_str(&format!("  {who:<8}  {value}\n"));
        }
    }
    line
}

fn covered(stretch: &Stretch) -> String {
    let Stretch {
        partition,
        from,
        to,
        ..
    } = stretch;
    if stretch.not_checked.is_some() {
        return format!("partition {partition}: not recomputed\n");
    }
    let start = stretch.snapshot.as_ref().map_or_else(
        || "the log's start".to_owned(),
        |name| format!("snapshot {name}"),
    );
    format!(
        "partition {partition}: offsets {from} to {to}, from {start}: {}, {}, {}\n",
        counted(stretch.records, "record"),
        counted(stretch.alerts, "alert"),
        counted(stretch.facts + stretch.facts_only, "decision"),
    )
}
