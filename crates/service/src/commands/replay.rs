//! `holdfast replay`.

use std::path::Path;

use super::files;
use crate::cli::Replay;
use crate::cli::terminal::{bar, data, grouped, say, spinner};
use crate::config::Layers;
use crate::replay::{Args, Progress, Summary, run_with};

pub(super) fn replay(args: &Replay) -> anyhow::Result<()> {
    let mut layers = Layers::of_process(args.config.config.as_deref());
    if let Some(model) = &args.model {
        layers = layers.with_flag("--model", "model.path", model.display().to_string());
    }
    let settings = layers.load()?.settings;
    let model = files::model(settings.model_path.as_deref())?;
    let sign = progress(args.events.as_deref());
    let summary = run_with(
        &Args {
            events: args.events.clone(),
            out_dir: args.out_dir.clone(),
            partitions: args.partitions,
            from_snapshot: args.from_snapshot.clone(),
            watch_report: args.watch_report.clone(),
            until: args.until,
        },
        &settings,
        &model,
        &mut |Progress {
                  events,
                  bytes,
                  alerts,
              }| {
            if sign.length().is_some() {
                sign.set_position(bytes);
            } else {
                sign.set_message(format!(
                    "{} events, {} alerts",
                    grouped(events),
                    grouped(alerts)
                ));
            }
        },
    )?;
    sign.finish_and_clear();
    if args.json {
        data(&format!("{}\n", serde_json::to_string(&summary)?))?;
    }
    tell(&summary, &args.out_dir);
    Ok(())
}

/// A bar where the unpacked length is known.
fn progress(events: Option<&Path>) -> indicatif::ProgressBar {
    let Some(events) = events else {
        return spinner("replaying");
    };
    let plain = events.extension().is_none_or(|e| e != "gz") && events != Path::new("-");
    match std::fs::metadata(events) {
        Ok(meta) if plain => bar(meta.len(), "replaying"),
        _ => spinner("replaying"),
    }
}

fn tell(summary: &Summary, dir: &Path) {
    let (dropped, rejected) = (summary.dropped.total(), summary.rejected.total());
    say(format_args!(
        "{} events of {} customers in {:.1} s ({} a second): {} applied, {} dropped, {} rejected",
        grouped(summary.events),
        grouped(summary.customers),
        summary.seconds,
        grouped(summary.events_per_s as u64),
        grouped(summary.applied),
        grouped(dropped),
        grouped(rejected),
    ));
    say(format_args!(
        "{} alerts in {}",
        grouped(summary.alerts),
        dir.join("alerts.jsonl").display()
    ));
}
