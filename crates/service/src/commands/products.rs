//! `holdfast products`.

use crate::cli::Products;
use crate::cli::terminal::{counted, say};
use crate::products::{Args, products as run};

use super::settings;

pub(super) fn products(args: &Products) -> anyhow::Result<()> {
    let config = settings(args.config.config.as_deref())?;
    let summary = run(
        &Args {
            events: args.events.clone(),
            out: args.out.clone(),
            pairs: args.pairs as usize,
        },
        &config,
    )?;
    say(format_args!(
        "{} of {}",
        counted(summary.products, "product"),
        counted(summary.orders, "order"),
    ));
    if summary.missed > 0 {
        say(format_args!(
            "there were more pairs than --pairs: numbers of orders with two products may be too small by up to {}",
            summary.missed
        ));
    }
    Ok(())
}
