//! The end of the demo: what came, whether it was right, where everything lies.

use std::fmt::Write as _;
use std::time::Duration;

use super::learn::MadeUp;
use super::place::Place;
use super::stream::Streamed;
use crate::cli::terminal::{data, grouped};

pub(super) fn tell(
    streamed: &Streamed,
    shop: &MadeUp,
    place: &Place,
    took: Duration,
) -> anyhow::Result<()> {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let mut line = |args: std::fmt::Arguments<'_>| writeln!(out, "{args}").unwrap_or_default();
    line(format_args!(""));
    let over = if streamed.cut_short {
        "Stopped"
    } else {
        "Done"
    };
    line(format_args!("{over} after {:.0} s.", took.as_secs_f64()));
    line(format_args!(
        "  streamed  {} events in {:.1} s; {} in all: {} applied, {} dropped, {} rejected",
        grouped(streamed.events),
        streamed.took.as_secs_f64(),
        grouped(streamed.summary.events),
        grouped(streamed.summary.applied),
        grouped(streamed.summary.dropped.values().sum()),
        grouped(streamed.summary.rejected.values().sum()),
    ));
    alerts(streamed, shop, &mut line);
    line(format_args!(""));
    line(format_args!("Files"));
    for (path, what) in [
        (&place.events, "all events"),
        (&place.truth, "who really left, and when"),
        (
            &place.backtest.join("report.html"),
            "how good the model is (open it in a browser)",
        ),
        (
            &place.model,
            "the model; its card is model-card.md, its training model.html",
        ),
        (&place.config, "the configuration that ran"),
    ] {
        line(format_args!("  {:<36} {what}", path.display()));
    }
    let alerts = match &streamed.topic {
        None => place.outputs.join("alerts.jsonl").display().to_string(),
        Some(topic) => format!("topic {topic}"),
    };
    line(format_args!("  {alerts:<36} the alerts"));
    let openings = streamed.alerts.iter().filter(|alert| alert.is_opening());
    if let Some(alert) = openings.min_by_key(|alert| (alert.as_of, &alert.customer_id)) {
        line(format_args!(""));
        line(format_args!("Why {}? Ask:", alert.customer_id));
        line(format_args!(
            "  {} explain --config {} --events {} --model {} --customer {} --at {}",
            std::env::args()
                .next()
                .unwrap_or_else(|| "holdfast".to_owned()),
            place.config.display(),
            place.events.display(),
            place.model.display(),
            alert.customer_id,
            alert.as_of,
        ));
    }
    Ok(data(&out)?)
}

fn alerts(streamed: &Streamed, shop: &MadeUp, line: &mut dyn FnMut(std::fmt::Arguments<'_>)) {
    let count = |kind: &str| {
        streamed
            .alerts
            .iter()
            .filter(|alert| alert.kind == kind)
            .count()
    };
    let opened: Vec<_> = streamed
        .alerts
        .iter()
        .filter(|alert| alert.is_opening())
        .collect();
    let silent = opened.iter().filter(|alert| alert.is_silent()).count();
    line(format_args!(
        "  alerts    {} customers at risk, {silent} of them by silence alone; {} rising, {} back, {} gone",
        opened.len(),
        count("escalated"),
        count("recovered"),
        count("churned") + count("lapsed"),
    ));
    let right = opened
        .iter()
        .filter(|alert| shop.leaves_after(&alert.customer_id, alert.as_of))
        .count();
    let left = |id: &str| shop.truth.get(id).copied().flatten();
    let gone = opened
        .iter()
        .filter(|alert| left(&alert.customer_id).is_some())
        .count();
    line(format_args!(
        "  truth     {right} of the {} {}, {gone} are gone for good by now",
        opened.len(),
        shop.trade.answer(),
    ));
}
