//! Statistics over the whole life, to columns and back.

use super::columns::{Column, Columns, Cursor};
use crate::stats::Stats;
use crate::{LATENESS_MS, day_of_ms};

type What = &'static str;

/// Everything but the days, in the order of the columns.
fn numbers(stats: &mut Stats) -> [&mut f32; 22] {
    let [d7, d30, d90, d365] = &mut stats.days;
    let [s30, s90, s365] = &mut stats.spent;
    let service = &mut stats.service;
    [
        &mut stats.gap_mean,
        &mut stats.gap_squares,
        &mut stats.gap_recent,
        d7,
        d30,
        d90,
        d365,
        s30,
        s90,
        s365,
        &mut stats.order_mean,
        &mut stats.order_squares,
        &mut stats.order_last,
        &mut stats.refunds,
        &mut stats.others,
        &mut service.purchases,
        &mut service.lines,
        &mut service.discount,
        &mut service.clicks,
        &mut service.late,
        &mut service.plan_changes,
        &mut service.rating,
    ]
}

/// Days are told by how far they lie before one another, the first of them before the newest event's.
pub(super) fn put(stats: &Stats, newest_day: u16, out: &mut Columns) {
    let mut days = |number: u16| out.number(Column::Life, u64::from(number));
    days(newest_day - stats.next);
    days(stats.occasions);
    days(stats.next - stats.decayed_to);
    days(stats.paid);
    if stats.occasions > 0 {
        days(stats.next - stats.last);
        days(stats.last - stats.first);
        days(stats.weekends);
        days(stats.longest_gap);
        days(stats.last_gap);
    }
    let (service, first) = (&stats.service, &stats.first_order);
    days(service.contacts);
    days(service.solved);
    days(service.rated);
    if stats.paid > 0 {
        days(stats.next - first.day);
        for count in [first.contacts, first.refunds, first.late, first.shortfall] {
            days(count.into());
        }
    }
    for number in numbers(&mut stats.clone()) {
        out.bytes(Column::LifeBytes, &number.to_le_bytes());
    }
}

pub(super) fn take(newest: i64, from: &mut Cursor<'_>) -> Result<Stats, What> {
    const WRONG: What = "statistics over the whole life contradict each other";
    let mut day = || -> Result<u16, What> {
        u16::try_from(from.number(Column::Life)?).map_err(|_| "a count of days is too great")
    };
    let next = day_of_ms(newest).checked_sub(day()?).ok_or(WRONG)?;
    let mut stats = Stats {
        next,
        occasions: day()?,
        decayed_to: next.checked_sub(day()?).ok_or(WRONG)?,
        paid: day()?,
        ..Stats::default()
    };
    if stats.occasions > 0 {
        stats.last = next.checked_sub(day()?).ok_or(WRONG)?;
        stats.first = stats.last.checked_sub(day()?).ok_or(WRONG)?;
        (stats.weekends, stats.longest_gap, stats.last_gap) = (day()?, day()?, day()?);
    }
    let service = &mut stats.service;
    (service.contacts, service.solved, service.rated) = (day()?, day()?, day()?);
    if stats.paid > 0 {
        let first = &mut stats.first_order;
        first.day = next.checked_sub(day()?).ok_or(WRONG)?;
        for count in [
            &mut first.contacts,
            &mut first.refunds,
            &mut first.late,
            &mut first.shortfall,
        ] {
            *count = u8::try_from(day()?).map_err(|_| WRONG)?;
        }
    }
    for number in numbers(&mut stats) {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(from.bytes(Column::LifeBytes, 4)?);
        *number = f32::from_le_bytes(bytes);
        if !number.is_finite() || *number < 0.0 {
            return Err("a statistic is no sound number");
        }
    }
    let open = day_of_ms(newest - LATENESS_MS);
    let span = stats.last - stats.first;
    let is_sound = stats.next == open
        && stats.last <= stats.next
        && stats.decayed_to <= stats.next
        && stats.weekends <= stats.occasions
        && stats.service.rating <= 100.0
        && stats.first_order.shortfall <= 100
        && stats.longest_gap <= span
        && stats.last_gap <= stats.longest_gap
        && u32::from(stats.occasions) <= u32::from(span) + 1;
    if is_sound { Ok(stats) } else { Err(WRONG) }
}
