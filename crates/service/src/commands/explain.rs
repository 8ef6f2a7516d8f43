//! `holdfast explain`.

use std::cell::RefCell;
use std::fmt::Write as _;

use holdfast_features::{Ix, Store};
use holdfast_policy::Decider;

use super::{files, settings};
use crate::cli::Explain;
use crate::cli::terminal::data;
use crate::pipeline;
use crate::study::{self, Ahead, Explained, Source};

pub(super) fn explain(args: &Explain) -> anyhow::Result<()> {
    let settings = settings(args.config.config.as_deref())?;
    let source = Source::new(args.events.clone(), &settings, args.currency.as_deref())?;
    let model = files::model(Some(&args.model))?;
    let pipeline = pipeline::Settings::new(&settings, &model, false)?;
    let decider = RefCell::new(Decider::new(pipeline.policy(), &model)?);
    // Deadlines further off say nothing: the log goes on before that.
    let ahead = 2 * model.label().horizon_ms();
    let deadline = |store: &mut Store, ix: Ix, at: i64| {
        decider
            .borrow_mut()
            .decides_at(store, ix, at, at.saturating_add(ahead))
    };
    let ahead = Ahead {
        deadline: &deadline,
        close: pipeline.policy().close(),
    };
    let explained = study::explain(&source, &model, &args.customer, args.at, &ahead)?;
    if args.json {
        data(&format!("{}\n", serde_json::to_string_pretty(&explained)?))?;
    } else {
        data(&text(&explained, pipeline.thresholds().0))?;
    }
    Ok(())
}

/// The same for people.
fn text(of: &Explained, open: f64) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let mut line = |args: std::fmt::Arguments<'_>| writeln!(out, "{args}").unwrap_or_default();
    line(format_args!(
        "{} at {}: churn probability {:.1} % (log-odds {:+.3})",
        of.customer_id,
        instant(of.at),
        100.0 * of.churn_probability,
        of.log_odds
    ));
    if !of.state.in_population {
        line(format_args!(
            "not in the model's population: no alert would be raised"
        ));
    }
    line(format_args!(""));
    line(format_args!("{:>9}  {:<20} text", "log-odds", "theme"));
    line(format_args!("{:>+9.3}  {:<20} everybody", of.base, "base"));
    for part in &of.contributions {
        line(format_args!(
            "{:>+9.3}  {:<20} {}",
            part.contribution,
            part.theme.heading(),
            part.text
        ));
    }
    line(format_args!(
        "{:>+9.3}  sum (each feature with --json)",
        of.log_odds
    ));
    line(format_args!(""));
    if let Some(back) = &of.counterfactual {
        line(format_args!("{}", back.text));
    }
    match of.deadline_ms {
        Some(at) => line(format_args!(
            "if nothing happens, the next decision falls on {}",
            instant(at)
        )),
        None if of.churn_probability >= open => {
            line(format_args!("that is over the threshold of {open} already"));
        }
        None => line(format_args!(
            "silence alone leads to nothing within twice the horizon"
        )),
    }
    out
}

fn instant(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |at| at.to_string())
}
