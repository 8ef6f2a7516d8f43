//! One customer's state to columns and back.
//!
//! On the way back everything is checked that any later step relies on: an image is a file, and files lie.

use super::columns::{Column, Columns, Cursor};
use super::life;
use crate::head::{Head, Parts};
use crate::stats::Stats;
use crate::store::KEEP_DAYS;
use crate::words::packed::{self, Bought, bought};
use crate::words::{day_of, expired};
use crate::{DAY_MS, END_OF_TIME_MS, day_of_ms, recent};

type What = &'static str;

/// Most words of a customer: those of the days that are kept, and of one timer past them, at most 19 a day.
const MOST_WORDS: u64 = (KEEP_DAYS as u64 + 3) * 19;

/// What is known of a customer.
#[derive(Clone, Copy)]
pub(crate) struct Customer<'a> {
    pub(crate) head: &'a Head,
    pub(crate) words: &'a [u64],
    /// Remembered ids: hash and time.
    pub(crate) recent: &'a [[u64; 2]],
    /// Statistics over the whole life, where they are kept.
    pub(crate) stats: Option<&'a Stats>,
}

/// A customer read back. Kept from one to the next, so that nothing is allocated.
#[derive(Debug)]
pub(crate) struct Restored {
    pub(crate) head: Head,
    pub(crate) words: Vec<u64>,
    pub(crate) recent: Vec<[u64; 2]>,
    pub(crate) stats: Stats,
}

/// Purchases on days that have no word any more.
#[derive(Debug, Clone, Copy)]
struct Past {
    first: u16,
    last: u16,
    days: u32,
    squares: u64,
    purchases: u64,
    minor: u64,
}

// Which times there are: two bits each for the first event, the last act, the last purchase, the cart.
const NONE: u8 = 0;
const AS_NEWEST: u8 = 1;
const OWN: u8 = 2;
/// A cart whose timer has fired; its time follows.
const FIRED: u8 = 3;

/// Seconds of the day take 17 bits, the ms above them are nought in many logs.
const SECOND_BITS: u32 = 17;

fn put_clock(ms: i64, out: &mut Columns) {
    let of_day = ms.rem_euclid(DAY_MS) as u64;
    out.number(
        Column::Clocks,
        ((of_day % 1_000) << SECOND_BITS) | (of_day / 1_000),
    );
}

fn take_clock(from: &mut Cursor<'_>) -> Result<i64, What> {
    let packed = from.number(Column::Clocks)?;
    let (ms, seconds) = (packed >> SECOND_BITS, packed % (1 << SECOND_BITS));
    if ms >= 1_000 || seconds >= 86_400 {
        return Err("a time of day is none");
    }
    Ok((seconds * 1_000 + ms) as i64)
}

/// Writes a customer, but for its id.
pub(crate) fn encode(customer: Customer<'_>, out: &mut Columns) {
    let Customer {
        head,
        words,
        recent,
        stats,
    } = customer;
    let Some(newest) = head.newest() else {
        return out.byte(Column::Which, NONE);
    };
    put_times(head, newest, out);
    let newest_day = day_of_ms(newest);
    let (dropped, forgotten) = expired(words, newest_day.saturating_sub(KEEP_DAYS));
    let forgotten = forgotten.or(head.forgotten_purchase_day());
    put_words(&words[dropped..], newest_day, out);
    put_past(head, forgotten, &bought(&words[dropped..]), newest_day, out);
    out.number(Column::Refunds, head.refunded() as u64);
    put_recent(recent, newest, out);
    if let Some(stats) = stats {
        life::put(stats, newest_day, out);
    }
}

fn put_times(head: &Head, newest: i64, out: &mut Columns) {
    let which = |time: Option<i64>| match time {
        None => NONE,
        Some(at) if at == newest => AS_NEWEST,
        Some(_) => OWN,
    };
    let cart = head.cart();
    let cart_code = match cart {
        Some((_, true)) => FIRED,
        _ => which(cart.map(|(touch, _)| touch)),
    };
    let times = [head.first(), head.last_act(), head.last_purchase()];
    let codes = times.map(which);
    let packed = codes[0] | (codes[1] << 2) | (codes[2] << 4) | (cart_code << 6);
    out.byte(Column::Which, packed);
    let day = day_of_ms(newest);
    out.byte(Column::DayLow, day as u8);
    out.byte(Column::DayHigh, (day >> 8) as u8);
    put_clock(newest, out);
    let own = |code: u8| code >= OWN;
    let all = times.into_iter().zip(codes);
    let cart = (cart.map(|(touch, _)| touch), cart_code);
    for (time, _) in all.chain([cart]).filter(|(_, code)| own(*code)) {
        let at = time.unwrap_or(newest);
        out.number(Column::Gaps, u64::from(day.saturating_sub(day_of_ms(at))));
        put_clock(at, out);
    }
}

fn put_words(words: &[u64], newest_day: u16, out: &mut Columns) {
    out.number(Column::Words, words.len() as u64);
    // Newest first: its day nearly always is that of the newest event.
    let mut newer = newest_day;
    for (at, &word) in words.iter().rev().enumerate() {
        let day = day_of(word);
        let gap = i64::from(newer) - i64::from(day);
        if at == 0 {
            out.signed(Column::WordGaps, gap);
        } else {
            out.number(Column::WordGaps, gap as u64);
        }
        packed::put(word, out);
        newer = day;
    }
}

/// What the words don't say of purchases; nothing while none has been dropped.
fn put_past(
    head: &Head,
    forgotten: Option<u16>,
    known: &Bought,
    newest_day: u16,
    out: &mut Columns,
) {
    let (Some(last), Some(first)) = (forgotten, head.first_purchase_day()) else {
        return out.number(Column::Past, 0);
    };
    let since = u64::from(known.first.unwrap_or(last) - last);
    let squares = u64::from(head.gap_squares()) - known.squares - since * since;
    let spent = head.spent() as u64;
    for number in [
        u64::from(head.purchase_days) - u64::from(known.days),
        u64::from(newest_day - last),
        u64::from(last - first),
        squares,
        u64::from(head.purchases).saturating_sub(known.purchases),
        spent.saturating_sub(known.minor),
    ] {
        out.number(Column::Past, number);
    }
}

fn put_recent(pairs: &[[u64; 2]], newest: i64, out: &mut Columns) {
    let kept = || pairs.iter().filter(|pair| recent::matters(pair, newest));
    out.number(Column::Recent, kept().count() as u64);
    for [hash, ts] in kept() {
        out.bytes(Column::RecentHashes, &hash.to_le_bytes());
        out.number(Column::RecentTimes, newest as u64 - ts);
    }
}

impl Restored {
    pub(crate) fn new() -> Self {
        Self {
            head: Head::new(),
            words: Vec::new(),
            recent: Vec::new(),
            stats: Stats::default(),
        }
    }

    /// Reads what [`encode`] has written.
    pub(crate) fn read(&mut self, from: &mut Cursor<'_>, has_stats: bool) -> Result<(), What> {
        self.words.clear();
        self.recent.clear();
        self.stats = Stats::default();
        let which = from.byte(Column::Which)?;
        if which == NONE {
            self.head = Head::new();
            return Ok(());
        }
        let mut parts = take_times(which, from)?;
        let newest_day = day_of_ms(parts.newest);
        take_words(&mut self.words, newest_day, from)?;
        let known = bought(&self.words);
        let past = take_past(newest_day, from)?;
        add_purchases(&mut parts, &known, past)?;
        parts.refunded = from.number(Column::Refunds)?;
        take_recent(&mut self.recent, parts.newest, from)?;
        if has_stats {
            self.stats = life::take(parts.newest, from)?;
        }
        self.head = Head::from_parts(&parts);
        Ok(())
    }
}

fn take_times(which: u8, from: &mut Cursor<'_>) -> Result<Parts, What> {
    let low = from.byte(Column::DayLow)?;
    let high = from.byte(Column::DayHigh)?;
    let day = i64::from(u16::from_le_bytes([low, high]));
    let newest = day * DAY_MS + take_clock(from)?;
    if newest <= 0 || newest >= END_OF_TIME_MS {
        return Err("the newest event is at no time");
    }
    let mut time = |code: u8| match code {
        NONE => Ok(None),
        AS_NEWEST => Ok(Some(newest)),
        _ => {
            let gap = i64::try_from(from.number(Column::Gaps)?).unwrap_or(i64::MAX);
            let at = day.saturating_sub(gap).max(-1) * DAY_MS + take_clock(from)?;
            if at <= 0 || at > newest {
                return Err("a time is not before the newest event");
            }
            Ok(Some(at))
        }
    };
    let first = time(which & 3)?.ok_or("the first event is missing")?;
    let last_act = time((which >> 2) & 3)?;
    let last_purchase = time((which >> 4) & 3)?;
    let touch = time(which >> 6)?;
    if [last_act, last_purchase, touch]
        .iter()
        .flatten()
        .any(|at| *at < first)
    {
        return Err("a time is before the first event");
    }
    Ok(Parts {
        first,
        newest,
        last_act,
        last_purchase,
        cart: touch.map(|touch| (touch, which >> 6 == FIRED)),
        ..Parts::default()
    })
}

fn take_words(words: &mut Vec<u64>, newest_day: u16, from: &mut Cursor<'_>) -> Result<(), What> {
    let length = from.number(Column::Words)?;
    if length > MOST_WORDS {
        return Err("a customer has more words than its days can fill");
    }
    let horizon = i64::from(newest_day.saturating_sub(KEEP_DAYS));
    let mut day = i64::from(newest_day);
    let mut newer = u64::MAX;
    for at in 0..length {
        let gap = if at == 0 {
            from.signed(Column::WordGaps)?
        } else {
            i64::try_from(from.number(Column::WordGaps)?).unwrap_or(i64::MAX)
        };
        day = day.saturating_sub(gap);
        if day < horizon || day >= i64::from(u16::MAX) {
            return Err("a word is of a day that is not kept");
        }
        let word = packed::take(day as u16, from)?;
        if packed::place_of(word) >= packed::place_of(newer) {
            return Err("words are not in order");
        }
        newer = word;
        words.push(word);
    }
    words.reverse();
    Ok(())
}

fn take_past(newest_day: u16, from: &mut Cursor<'_>) -> Result<Option<Past>, What> {
    let mut number = || from.number(Column::Past);
    let days = number()?;
    if days == 0 {
        return Ok(None);
    }
    let (back, span, squares, purchases, minor) =
        (number()?, number()?, number()?, number()?, number()?);
    // Only what is too old for a word is forgotten.
    let horizon = newest_day.saturating_sub(KEEP_DAYS);
    let last = u64::from(newest_day).checked_sub(back);
    let last = last.filter(|last| *last < u64::from(horizon));
    let first = last.and_then(|last| last.checked_sub(span));
    let (Some(last), Some(first)) = (last, first) else {
        return Err("a forgotten purchase is of no such day");
    };
    let fits = match span {
        0 => days == 1 && squares == 0,
        _ => days >= 2 && days <= span + 1 && squares > 0 && squares <= span * span,
    };
    if !fits || purchases < days {
        return Err("forgotten purchases contradict each other");
    }
    Ok(Some(Past {
        first: first as u16,
        last: last as u16,
        days: days as u32,
        squares,
        purchases,
        minor,
    }))
}

/// Totals are those of the words and of what is older.
fn add_purchases(parts: &mut Parts, known: &Bought, past: Option<Past>) -> Result<(), What> {
    let newest_purchase = known.last.or(past.map(|past| past.last));
    if parts.last_purchase.map(day_of_ms) != newest_purchase {
        return Err("the last purchase is of another day than the words say");
    }
    parts.first_purchase_day = past.map(|past| past.first).or(known.first);
    if parts
        .first_purchase_day
        .is_some_and(|day| day < day_of_ms(parts.first))
    {
        return Err("a purchase is before the first event");
    }
    parts.forgotten_purchase_day = past.map(|past| past.last);
    let since = past
        .zip(known.first)
        .map_or(0, |(past, first)| u64::from(first - past.last));
    let (days, squares, purchases, minor) = past.map_or((0, 0, 0, 0), |past| {
        (past.days, past.squares, past.purchases, past.minor)
    });
    // Days end before 65,535 and squares stay below the square of all days, so both fit.
    parts.purchase_days = (known.days + days) as u16;
    parts.gap_squares = (known.squares + squares + since * since) as u32;
    parts.purchases = known.purchases.saturating_add(purchases);
    parts.spent = known.minor.saturating_add(minor);
    Ok(())
}

fn take_recent(pairs: &mut Vec<[u64; 2]>, newest: i64, from: &mut Cursor<'_>) -> Result<(), What> {
    for _ in 0..from.number(Column::Recent)? {
        let mut hash = [0; 8];
        hash.copy_from_slice(from.bytes(Column::RecentHashes, 8)?);
        let back = from.number(Column::RecentTimes)?;
        let ts = (newest as u64).checked_sub(back).filter(|ts| *ts > 0);
        let pair = [u64::from_le_bytes(hash), ts.ok_or("an id is of no time")?];
        if !recent::matters(&pair, newest) {
            return Err("an id is remembered for too long");
        }
        if pairs.last().is_some_and(|before| *before >= pair) {
            return Err("remembered ids are not in order");
        }
        pairs.push(pair);
    }
    Ok(())
}
