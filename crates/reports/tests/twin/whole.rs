//! Figures of the whole log, as `holdfast report` makes them.

use std::collections::BTreeMap;

use holdfast_events::EventType;
use holdfast_reports::live::Kpi;
use holdfast_reports::{
    Abandons, Act, Calendar, Customer, Figures, Moves, Partials, Period, PeriodFigures, Said, Terms,
};

use crate::{Row, amount, contract, cost, is_contract, zone};

/// The figures of each period that is over by `until`.
pub(crate) fn periods(rows: &[Row], period: Period, until: i64) -> Vec<PeriodFigures> {
    let figures = all_figures(rows, period, until);
    let is_over = |row: &PeriodFigures| row.end_ms <= until;
    let rows = figures.periods.into_iter().filter(is_over);
    rows.map(|row| PeriodFigures {
        complete: true,
        ..row
    })
    .collect()
}

/// The funnel of the events within a span: step, customers, percent who gave up.
pub(crate) fn funnel(rows: &[Row], (start, end): (i64, i64)) -> Vec<(String, u64, Option<f64>)> {
    let within = rows.iter().filter(|row| (start..end).contains(&row.1));
    let within: Vec<Row> = within.copied().collect();
    if within.is_empty() {
        return Vec::new();
    }
    let steps = all_figures(&within, Period::Month, end).funnel.into_iter();
    steps.map(|s| (s.step, s.customers, s.drop_off)).collect()
}

/// Whether what customers have brought by the end of a period is what the log up to then says.
pub(crate) fn is_worth(kpi: &Kpi, rows: &[Row]) -> bool {
    let Some(found) = &kpi.value else {
        return kpi.period == Period::Day;
    };
    let before: Vec<Row> = rows
        .iter()
        .filter(|row| row.1 < kpi.figures.end_ms)
        .copied()
        .collect();
    if before.is_empty() {
        return found.customers == 0;
    }
    let expected = all_figures(&before, Period::Month, kpi.figures.end_ms).value;
    let top = (found.top20_revenue_share, found.top20_error);
    let is_near = match (top, expected.top20_revenue_share) {
        ((Some(least), Some(error)), Some(exact)) => {
            least <= exact + 1e-9 && exact <= least + error + 1e-9
        }
        (found, expected) => found == (None, None) && expected.is_none(),
    };
    let costs = (found.cac_mean, found.clv_cac, found.healthy);
    is_near
        && (found.customers, found.clv_mean) == (expected.customers, expected.clv_mean)
        && costs == (expected.cac_mean, expected.clv_cac, expected.healthy)
}

/// By month, its cohorts: when they came, how many they are, percent who were there.
pub(crate) fn cohorts(
    rows: &[Row],
    until: i64,
) -> BTreeMap<String, Vec<(String, u64, Option<f64>)>> {
    let figures = all_figures(rows, Period::Month, until);
    let names: Vec<String> = figures
        .periods
        .iter()
        .map(|p| Period::Month.name_of(&zone(), p.start_ms))
        .collect();
    let mut by_month: BTreeMap<String, Vec<(String, u64, Option<f64>)>> = BTreeMap::new();
    for cohort in figures.cohorts.by_month {
        let own = names
            .iter()
            .position(|name| *name == cohort.cohort)
            .unwrap();
        for (after, retained) in cohort.retained.into_iter().enumerate() {
            let month = names[own + 1 + after].clone();
            let row = (cohort.cohort.clone(), cohort.size, Some(retained));
            by_month.entry(month).or_default().push(row);
        }
    }
    by_month
}

fn said(row: Row) -> Said<'static> {
    match (row.2, cost(row)) {
        (EventType::SignUp, Some(cost)) => Said::Origin {
            source: None,
            partner: None,
            cost,
        },
        (_, Some(cost)) => Said::Campaign {
            campaign: None,
            cost,
        },
        (kind, None) if is_contract(kind) => Said::Contract {
            contract: contract(row),
            reason: None,
            voluntary: None,
        },
        _ => Said::Nothing,
    }
}

fn all_figures(rows: &[Row], period: Period, until: i64) -> Figures {
    let first = rows.iter().map(|row| row.1).min().unwrap();
    let calendar = Calendar::over(period, &zone(), (first, until)).unwrap();
    let mut partials = Partials::new(Terms {
        calendar,
        alive_days: 20,
        exponent: 2,
        abandons: Abandons::default(),
    });
    for customer in 0..9 {
        let mut own: Vec<&Row> = rows.iter().filter(|row| row.0 == customer).collect();
        own.sort_by_key(|row| row.1);
        let acts: Vec<Act<'_>> = own
            .into_iter()
            .map(|row| Act {
                ts: row.1,
                kind: row.2,
                minor: amount(*row),
                said: said(*row),
            })
            .collect();
        partials.add(&Customer {
            acts: &acts,
            source: None,
            choices: &[],
        });
    }
    Figures::of(&partials, &Moves::default()).unwrap()
}
