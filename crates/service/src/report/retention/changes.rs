//! What a manager is told first: where the shop stands and what has changed.

use holdfast_reports::PeriodFigures;
use holdfast_reports::figures::Figures;
use minijinja::{Value, context};

use super::{Names, percent};
use crate::report::numbers::{fixed, grouped};

const DAY_MS: i64 = 86_400_000;

/// Four facts of the newest whole period.
pub(super) fn facts(figures: &Figures, names: &Names) -> Vec<Value> {
    let Some(p) = figures.newest() else {
        return Vec::new();
    };
    let name = names.of_start(p.start_ms);
    let stayed = p.customers_start - p.lost;
    let kept = match p.crr {
        Some(crr) => context! {
            claim => format!("{} kept", percent(crr)),
            words => format!("{} of the {} customers at the start of {name} were still there at its end.", grouped(stayed), grouped(p.customers_start)),
        },
        None => context! {
            claim => "Nobody to keep yet",
            words => format!("There was no customer at the start of {name}."),
        },
    };
    vec![
        context! {
            claim => format!("{} customers", grouped(p.customers_end)),
            words => format!("at the end of {name}; {} at its start.", grouped(p.customers_start)),
        },
        kept,
        context! {
            claim => format!("{} lost", grouped(p.lost)),
            words => format!("{} new ones came and {} came back.", grouped(p.acquired), grouped(p.reactivated)),
        },
        context! {
            claim => format!("{} revenue", grouped(p.revenue.max(0.0).round() as u64)),
            words => format!("from {} orders, refunds taken off.", grouped(p.orders)),
        },
    ]
}

/// Sentences on the newest whole period beside the one before.
pub(super) fn changes(figures: &Figures, names: &Names) -> Vec<String> {
    let mut whole = figures.periods.iter().rev().filter(|p| p.complete);
    let (Some(now), Some(then)) = (whole.next(), whole.next()) else {
        return vec!["There is only one whole period, so nothing can be compared yet.".to_owned()];
    };
    let (new, old) = (names.of_start(now.start_ms), names.of_start(then.start_ms));
    let mut out = Vec::new();
    if let (Some(a), Some(b)) = (then.crr, now.crr) {
        let verb = moved(a, b, 0.05, ["rose", "fell", "stayed the same"]);
        out.push(format!(
            "The share of customers kept {verb}: {} in {old}, {} in {new}.",
            percent(a),
            percent(b)
        ));
    }
    out.extend(share_changed(
        "Orders",
        then.orders as f64,
        now.orders as f64,
    ));
    out.extend(share_changed("Revenue", then.revenue, now.revenue));
    out.extend(share_changed(
        "New customers",
        then.acquired as f64,
        now.acquired as f64,
    ));
    out.extend(returning(now));
    out
}

fn returning(now: &PeriodFigures) -> Option<String> {
    let share = now.returning_order_share?;
    Some(format!(
        "{} of the orders came from customers who had ordered before.",
        percent(share)
    ))
}

fn share_changed(what: &str, then: f64, now: f64) -> Option<String> {
    if then <= 0.0 {
        return None;
    }
    let change = 100.0 * (now / then - 1.0);
    let verb = moved(0.0, change, 0.05, ["rose", "fell", "stayed the same"]);
    let by = if change.abs() < 0.05 {
        String::new()
    } else {
        format!(" by {}", percent(change.abs()))
    };
    Some(format!("{what} {verb}{by}."))
}

fn moved(then: f64, now: f64, least: f64, [up, down, same]: [&str; 3]) -> &str {
    match now - then {
        by if by.abs() < least => same,
        by if by > 0.0 => up,
        _ => down,
    }
}

/// What to keep in mind.
pub(super) fn cautions(figures: &Figures) -> Vec<String> {
    let mut out = Vec::new();
    let warm = figures.first_ms + i64::from(figures.alive_days) * DAY_MS;
    let cold = figures.periods.iter().filter(|p| p.start_ms < warm).count();
    if cold > 1 {
        out.push(format!(
            "Who bought before the events begin is not seen. A purchase counts for {} days, so the number of customers \
             grows for the first {cold} periods whatever the shop does.",
            figures.alive_days
        ));
    }
    if figures.newest().is_some_and(|p| !p.complete) {
        out.push(
            "No period is whole: the figures are those of a log in which nothing more happens."
                .to_owned(),
        );
    }
    if figures.forecast.is_empty() {
        out.push("There are too few whole periods for a forecast.".to_owned());
    }
    let small = figures.newest().map_or(0, |p| p.customers_start);
    if (1..100).contains(&small) {
        let half = 98.0 / libm::sqrt(small as f64);
        out.push(format!(
            "With {small} customers at the start, the share kept is uncertain by up to {} points either way.",
            fixed(half, 0)
        ));
    }
    out
}
