//! Segments on their grid of recency and of frequency and money, and the moves between them.

use std::collections::BTreeSet;

use holdfast_reports::figures::Figures;
use minijinja::{Value, context};

/// Segments from the best to the lost, as a reader expects them; others follow by name.
const ORDER: [&str; 10] = [
    "champions",
    "loyal",
    "promising",
    "new",
    "needs_attention",
    "about_to_churn",
    "at_risk",
    "cant_lose",
    "dormant",
    "lost",
];

fn sorted<'f>(names: impl Iterator<Item = &'f str>) -> Vec<&'f str> {
    let names: BTreeSet<&str> = names.collect();
    let mut names: Vec<&str> = names.into_iter().collect();
    let place = |name: &str| ORDER.iter().position(|known| *known == name);
    names.sort_by_key(|name| place(name).unwrap_or(ORDER.len()));
    names
}

/// Each segment with its size and share.
pub(super) fn segments(figures: &Figures) -> Vec<Value> {
    let all: u64 = figures.segments.values().sum();
    let names = sorted(figures.segments.keys().map(String::as_str));
    names
        .into_iter()
        .map(|name| {
            let n = figures.segments.get(name).copied().unwrap_or(0);
            let share = n as f64 / all.max(1) as f64;
            context! { name => name.replace('_', " "), n, share }
        })
        .collect()
}

/// Rows by the segment before, columns by the one after.
pub(super) fn transitions(figures: &Figures) -> Option<Value> {
    if figures.transitions.is_empty() {
        return None;
    }
    let columns = sorted(figures.transitions.iter().map(|t| t.to.as_str()));
    let before = figures.transitions.iter().filter_map(|t| t.from.as_deref());
    let before: Vec<Option<&str>> = std::iter::once(None)
        .chain(sorted(before).into_iter().map(Some))
        .collect();
    let rows: Vec<Value> = before
        .into_iter()
        .map(|from| {
            let n = |to: &str| {
                let mut moves = figures.transitions.iter();
                moves
                    .find(|t| t.from.as_deref() == from && t.to == to)
                    .map_or(0, |t| t.n)
            };
            let cells: Vec<u64> = columns.iter().map(|to| n(to)).collect();
            let name = from.map_or("nobody before".to_owned(), |from| from.replace('_', " "));
            context! { name, cells }
        })
        .collect();
    let columns: Vec<String> = columns.iter().map(|name| name.replace('_', " ")).collect();
    Some(context! { columns, rows })
}
