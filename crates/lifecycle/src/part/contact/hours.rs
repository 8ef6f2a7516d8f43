//! When a customer acts: a histogram over the hours of the week that fades.
//!
//! | bytes | content |
//! | --- | --- |
//! | 0-1 | the number of whole half-lives since 1970 at which the weights are taken |
//! | then | at most 16 cells by hour: hour of the week 0-167 (0 is Monday from midnight), weight in 1, 2 or 3 bytes |
//!
//! An act weighs 64 at the beginning of a half-life and, in a straight line, up to 128 at its end; then all weights
//! halve. So weights fade without anything being written, and exactly by half every half-life. When a cell is full all
//! halve, which changes no proportion. A weight is written seven bits at a time, low ones first: an act takes a byte. A seventeenth hour comes in if it weighs more than the least, which leaves.

use std::ops::Range;

use holdfast_features::Ix;
use serde::{Deserialize, Serialize};

use crate::DAY_MS;
use crate::table::{AnyTable, Bytes, RowFault};

/// Hours of a week.
const WEEK: u8 = 168;
/// Cells of a row.
const CELLS: usize = 16;
/// Bytes of the longest row.
const ROW: usize = 2 + 4 * CELLS;
/// What an act weighs at the beginning of a half-life.
const UNIT: u64 = 64;

/// An hour of the week on the customer's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HourOfWeek {
    /// 1 is Monday, 7 is Sunday.
    pub weekday: u8,
    /// 0 to 23.
    pub hour: u8,
}

impl HourOfWeek {
    /// The hour of an instant, ms UTC, at so many seconds east of Greenwich.
    #[must_use]
    pub fn of(at: i64, offset_seconds: i32) -> Self {
        let hours = (at.div_euclid(1_000) + i64::from(offset_seconds)).div_euclid(3_600);
        // 1970 began on a Thursday.
        Self {
            weekday: ((hours.div_euclid(24) + 3).rem_euclid(7) + 1) as u8,
            hour: hours.rem_euclid(24) as u8,
        }
    }

    fn cell(self) -> u8 {
        (self.weekday - 1) * 24 + self.hour
    }
}

/// A row to work on.
#[derive(Debug, Clone, Copy)]
struct Cells {
    epoch: u16,
    len: usize,
    cells: [(u8, u16); CELLS],
}

/// Whole half-lives until an instant, and what an act weighs then.
fn scale(at: i64, half_life_days: u16) -> (u16, u64) {
    let (day, life) = (
        at.max(0).cast_unsigned() / DAY_MS as u64,
        u64::from(half_life_days.max(1)),
    );
    (
        u16::try_from(day / life).unwrap_or(u16::MAX),
        UNIT + UNIT * (day % life) / life,
    )
}

/// Takes a weight off, seven bits at a time.
fn take_weight(row: &mut &[u8]) -> Option<u16> {
    let mut weight = 0_u32;
    for shift in [0, 7, 14] {
        let (byte, rest) = row.split_first()?;
        *row = rest;
        weight |= u32::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return u16::try_from(weight).ok();
        }
    }
    None
}

/// Where an hour is in a row, or where it belongs.
enum Place {
    /// Its weight is in these bytes, and is that.
    Held(Range<usize>, u16),
    /// It would stand behind so many bytes.
    Missing(usize),
}

/// Looks for an hour; none where the row is none.
fn find(row: &[u8], hour: u8) -> Option<Place> {
    let mut at = 2;
    while let Some(cell) = row.get(at).filter(|cell| **cell <= hour) {
        let mut rest = row.get(at + 1..)?;
        let weight = take_weight(&mut rest)?;
        let end = row.len() - rest.len();
        if *cell == hour {
            return Some(Place::Held(at + 1..end, weight));
        }
        at = end;
    }
    (row.len() > 2).then_some(Place::Missing(at))
}

/// Writes a weight into so many bytes, which hold it and no fewer do.
fn put_weight(bytes: &mut [u8], mut weight: u64) {
    let last = bytes.len() - 1;
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = weight as u8 & 0x7F | if place < last { 0x80 } else { 0 };
        weight >>= 7;
    }
}

impl Cells {
    fn read(row: &[u8]) -> Option<Self> {
        let (epoch, mut rest) = row.split_first_chunk::<2>()?;
        let mut of = Self {
            epoch: u16::from_le_bytes(*epoch),
            len: 0,
            cells: [(0, 0); CELLS],
        };
        while let Some((hour, weight)) = rest.split_first() {
            rest = weight;
            *of.cells.get_mut(of.len)? = (*hour, take_weight(&mut rest)?);
            of.len += 1;
        }
        Some(of)
    }

    fn write(&self, row: &mut [u8; ROW]) -> usize {
        if self.len == 0 {
            return 0;
        }
        row[..2].copy_from_slice(&self.epoch.to_le_bytes());
        let mut end = 2;
        for &(hour, mut weight) in self.held() {
            row[end] = hour;
            end += 1;
            while weight > 0x7F {
                row[end] = weight as u8 | 0x80;
                weight >>= 7;
                end += 1;
            }
            row[end] = weight as u8;
            end += 1;
        }
        end
    }

    fn held(&self) -> &[(u8, u16)] {
        &self.cells[..self.len]
    }

    /// Halves all weights so often; what weighs nothing goes.
    fn fade(&mut self, times: u32) {
        let mut kept = 0;
        for at in 0..self.len {
            let (hour, weight) = self.cells[at];
            let weight = weight.checked_shr(times).unwrap_or(0);
            if weight > 0 {
                self.cells[kept] = (hour, weight);
                kept += 1;
            }
        }
        self.len = kept;
    }

    fn add(&mut self, hour: u8, mut amount: u64) {
        loop {
            let place = self.held().partition_point(|(held, _)| *held < hour);
            match self.held().get(place).filter(|(held, _)| *held == hour) {
                Some((_, weight)) => match u16::try_from(u64::from(*weight) + amount) {
                    Ok(weight) => return self.cells[place].1 = weight,
                    Err(_) => {
                        self.fade(1);
                        amount /= 2;
                    }
                },
                None => return self.insert(place, (hour, amount as u16)),
            }
        }
    }

    fn insert(&mut self, mut place: usize, cell: (u8, u16)) {
        if self.len == CELLS {
            let weights = self.held().iter().enumerate();
            let least = weights.min_by_key(|(_, (_, weight))| *weight);
            let Some((at, _)) = least.filter(|(_, (_, weight))| *weight <= cell.1) else {
                return;
            };
            self.cells.copy_within(at + 1.., at);
            self.len -= 1;
            place -= usize::from(at < place);
        }
        self.cells.copy_within(place..self.len, place + 1);
        self.cells[place] = cell;
        self.len += 1;
    }
}

/// Histograms by customer: 2 bytes, and 2 or 3 for each hour in which the customer acts.
#[derive(Debug, Clone, Default)]
pub(super) struct Hours(Bytes);

impl Hours {
    pub(super) fn touch_page(&self, ix: Ix) {
        self.0.touch_page(ix);
    }

    pub(super) fn touch(&self, ix: Ix) {
        self.0.touch(ix);
    }

    /// An act of the customer at `at` (ms UTC), which is this hour on its clock.
    pub(super) fn add(&mut self, ix: Ix, at: i64, hour: HourOfWeek, half_life_days: u16) {
        let (epoch, unit) = scale(at, half_life_days);
        if !self.add_in_place(ix, (epoch, unit), hour.cell()) {
            self.add_anew(ix, (epoch, unit), hour);
        }
    }

    /// Does it where nothing has to fade or leave for that. Says whether it could.
    fn add_in_place(&mut self, ix: Ix, (epoch, unit): (u16, u64), hour: u8) -> bool {
        let row = self.0.get(ix);
        if row.get(..2) != Some(&epoch.to_le_bytes()) {
            return false;
        }
        match find(row, hour) {
            Some(Place::Held(bytes, weight)) => {
                let sum = u64::from(weight) + unit;
                // As many bytes as before hold it.
                let fits = sum < 1 << (7 * bytes.len()) && sum <= u64::from(u16::MAX);
                let change = |row: &mut [u8]| {
                    put_weight(&mut row[bytes], sum);
                    true
                };
                fits && self.0.change(ix, change)
            }
            // So short a row has a cell that is free: none is shorter than two bytes.
            Some(Place::Missing(at)) if row.len() < 2 + 2 * CELLS && unit < 0x80 => {
                self.0.insert(ix, at, &[hour, unit as u8])
            }
            _ => false,
        }
    }

    fn add_anew(&mut self, ix: Ix, (epoch, unit): (u16, u64), hour: HourOfWeek) {
        let mut cells = Cells::read(self.0.get(ix)).unwrap_or(Cells {
            epoch,
            len: 0,
            cells: [(0, 0); CELLS],
        });
        let amount = match epoch.checked_sub(cells.epoch) {
            Some(times) => {
                cells.fade(times.into());
                cells.epoch = epoch;
                unit
            }
            None => unit.checked_shr((cells.epoch - epoch).into()).unwrap_or(0),
        };
        if amount > 0 {
            cells.add(hour.cell(), amount);
        }
        let mut row = [0; ROW];
        let len = cells.write(&mut row);
        self.0.set(ix, &row[..len]);
    }

    /// The hour that weighs most, the earliest of several; none where all acts weigh less than `least` of now.
    pub(super) fn best(
        &self,
        ix: Ix,
        at: i64,
        (half_life_days, least): (u16, u16),
    ) -> Option<HourOfWeek> {
        let cells = Cells::read(self.0.get(ix))?;
        let (epoch, unit) = scale(at, half_life_days);
        let sum: u64 = cells
            .held()
            .iter()
            .map(|(_, weight)| u64::from(*weight))
            .sum();
        let faded = u32::from(epoch.saturating_sub(cells.epoch));
        if sum.checked_shr(faded).unwrap_or(0) < u64::from(least) * unit {
            return None;
        }
        let cells = cells.held().iter().rev();
        let (cell, _) = cells.max_by_key(|(_, weight)| *weight)?;
        Some(HourOfWeek {
            weekday: cell / 24 + 1,
            hour: cell % 24,
        })
    }
}

impl AnyTable for Hours {
    fn name(&self) -> &'static str {
        "hours"
    }

    fn erase(&mut self, ix: Ix) {
        self.0.set(ix, &[]);
    }

    fn row(&self, ix: Ix, out: &mut Vec<u8>) -> bool {
        let row = self.0.get(ix);
        out.extend_from_slice(row);
        !row.is_empty()
    }

    fn set_row(&mut self, ix: Ix, bytes: &[u8]) -> Result<(), RowFault> {
        let cells = Cells::read(bytes).ok_or(RowFault::of("hours"))?;
        let sorted = cells.held().is_sorted_by(|a, b| a.0 < b.0);
        let right = cells
            .held()
            .iter()
            .all(|(hour, weight)| *hour < WEEK && *weight > 0);
        let mut row = [0; ROW];
        let len = cells.write(&mut row);
        if !sorted || !right || row[..len] != *bytes {
            return Err(RowFault::of("hours"));
        }
        self.0.set(ix, bytes);
        Ok(())
    }

    fn customers(&self) -> Vec<Ix> {
        self.0.customers()
    }

    fn memory(&self) -> usize {
        self.0.memory()
    }
}
