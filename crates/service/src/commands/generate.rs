//! `holdfast generate`.

use std::path::Path;

use crate::cli::Generate;
use crate::cli::terminal::{bar, data, grouped, say};
use crate::generate::{Params, Targets, write};

pub(super) fn generate(args: &Generate) -> anyhow::Result<()> {
    let params = Params {
        preset: args.preset,
        customers: args.customers,
        days: args.days,
        seed: args.seed,
        start_ms: args.start,
        abandons: !args.no_abandons,
    };
    let to = Targets {
        events: args.out.clone(),
        truth: args.truth.clone(),
    };
    let bar = bar(u64::from(params.days), "making up days");
    let summary = write(&params, &to, |day| bar.set_position(u64::from(day)))?;
    bar.finish_and_clear();
    let to_stdout = |path: &Path| path == Path::new("-");
    if args.json && !to_stdout(&to.events) {
        data(&format!("{}\n", serde_json::to_string(&summary)?))?;
    } else if !args.quiet {
        say(format_args!(
            "{} events of {} customers over {} days in {}; {} of them left",
            grouped(summary.events),
            grouped(u64::from(summary.customers)),
            params.days,
            if to_stdout(&to.events) {
                "stdout".to_owned()
            } else {
                to.events.display().to_string()
            },
            grouped(u64::from(summary.churned)),
        ));
    }
    Ok(())
}
