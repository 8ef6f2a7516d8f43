//! `holdfast rekey`.

use crate::cli::Rekey;
use crate::cli::terminal::{counted, data, say};
use crate::rekey::{Args, rekey as run};

use super::settings;

pub(super) fn rekey(args: &Rekey) -> anyhow::Result<()> {
    let config = settings(args.config.config.as_deref())?;
    let summary = run(
        &Args {
            events: args.events.clone(),
            out: args.out.clone(),
        },
        &config,
    )?;
    if args.json {
        data(&format!("{}\n", serde_json::to_string(&summary)?))?;
    } else {
        say(format_args!(
            "{} of {} got the id that their customer is known by: {} said which ids are one customer, {} became another",
            summary.rewritten,
            counted(summary.lines, "line"),
            counted(summary.links, "event"),
            counted(summary.merged, "id"),
        ));
    }
    Ok(())
}
