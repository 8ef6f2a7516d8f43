//! Images: marks and decision records as of one instant, as bytes that a later process can go on from.
//!
//! | what | bytes |
//! | --- | --- |
//! | version | 4 |
//! | floor: nobody is scored before it | 8 |
//! | number of marks, then the marks by index | 4, then 4 each |
//! | number of records, then their fields, field by field | 4, then [`FIELDS`] each |
//!
//! All numbers are little-endian and stand in planes: the first byte of all, then the second of all and so on, since the
//! higher bytes hardly differ. Marks are proofs that nothing falls due before them, so one that is earlier than need be
//! is right as well: whoever waits in the heap comes back with the minute of the instant.

use holdfast_features::{Ix, Store};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::episode::{Open, Record, Records};
use holdfast_features::agenda::{Agenda, IDLE, Marks};

/// Version of the layout and of what a record means.
const VERSION: u32 = 2;
/// Widths of a record's fields: index, number, flags, level, opening, close, quiet since, seen, probability.
const FIELDS: [usize; 9] = [4, 4, 1, 1, 8, 8, 8, 8, 8];
/// No instant is later, far beyond all that is ever decided: sums with durations can't overflow.
const LATEST: i64 = 1 << 60;

const OPEN: u64 = 1;
const SILENT: u64 = 2;
const GONE: u64 = 4;

/// What a decider remembers, as of one instant.
#[derive(Debug)]
pub struct DeciderImage {
    pub(crate) floor: i64,
    pub(crate) marks: Marks,
    pub(crate) records: Records,
}

impl DeciderImage {
    /// The image as bytes, uncompressed and without a checksum.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        let mut out = VERSION.to_le_bytes().to_vec();
        out.extend_from_slice(&self.floor.to_le_bytes());
        let marks = self.marks.list();
        put_count(&mut out, marks.len());
        let marks: Vec<u64> = marks.into_iter().map(u64::from).collect();
        put_plane(&mut out, 4, &marks);
        let records: Vec<(Ix, Record)> = self.records.iter().collect();
        put_count(&mut out, records.len());
        for (field, width) in FIELDS.into_iter().enumerate() {
            let values: Vec<u64> = records
                .iter()
                .map(|(ix, record)| fields(*ix, record)[field])
                .collect();
            put_plane(&mut out, width, &values);
        }
        out
    }
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&(count as u32).to_le_bytes());
}

fn put_plane(out: &mut Vec<u8>, width: usize, values: &[u64]) {
    for byte in 0..width {
        out.extend(values.iter().map(|value| (value >> (8 * byte)) as u8));
    }
}

fn fields(ix: Ix, record: &Record) -> [u64; FIELDS.len()] {
    let open = record.open.unwrap_or(Open {
        at: 0,
        level: 0,
        silent: false,
    });
    let flag = |is_set: bool, flag: u64| if is_set { flag } else { 0 };
    [
        u64::from(ix.0),
        u64::from(record.number),
        flag(record.open.is_some(), OPEN) | flag(open.silent, SILENT) | flag(record.gone, GONE),
        u64::from(open.level),
        open.at as u64,
        record.closed_at as u64,
        record.quiet_since as u64,
        record.seen_at as u64,
        // One bit pattern for "none": equal states have equal images.
        if record.probability.is_nan() {
            f64::NAN
        } else {
            record.probability
        }
        .to_bits(),
    ]
}

/// What is wrong with an image.
type What = &'static str;

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, length: usize) -> Result<&'a [u8], What> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or("it ends too soon")?;
        self.0 = rest;
        Ok(bytes)
    }

    fn count(&mut self) -> Result<usize, What> {
        let (count, rest) = self.0.split_first_chunk::<4>().ok_or("it ends too soon")?;
        self.0 = rest;
        Ok(u32::from_le_bytes(*count) as usize)
    }

    fn word(&mut self) -> Result<u64, What> {
        let (word, rest) = self.0.split_first_chunk::<8>().ok_or("it ends too soon")?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*word))
    }

    fn plane(&mut self, width: usize, count: usize) -> Result<Plane<'a>, What> {
        let bytes = self.bytes(count.saturating_mul(width))?;
        Ok(Plane {
            bytes,
            width,
            count,
        })
    }
}

/// Numbers of one width, byte by byte.
#[derive(Clone, Copy)]
struct Plane<'a> {
    bytes: &'a [u8],
    width: usize,
    count: usize,
}

impl Plane<'_> {
    fn get(&self, at: usize) -> u64 {
        (0..self.width).rev().fold(0, |value, byte| {
            (value << 8) | u64::from(self.bytes[byte * self.count + at])
        })
    }
}

/// Takes an image apart, checking it against the store whose customers it speaks of.
pub(crate) fn decode(bytes: &[u8], store: &Store) -> Result<(i64, Agenda, Records), What> {
    let mut from = Reader(bytes);
    if from.count()? != VERSION as usize {
        return Err("it is of another version");
    }
    let floor = instant(from.word()?)?;
    let count = from.count()?;
    let marks = from.plane(4, count)?;
    let mut agenda = Agenda::default();
    for at in 0..count {
        let (ix, mark) = (Ix(at as u32), marks.get(at) as u32);
        if mark == IDLE {
            continue;
        }
        if !store.is_live(ix) || !agenda.restore(ix, mark) {
            return Err("a mark is of nobody, or at no time");
        }
    }
    let count = from.count()?;
    let mut planes = [marks; FIELDS.len()];
    for (plane, width) in planes.iter_mut().zip(FIELDS) {
        *plane = from.plane(width, count)?;
    }
    if !from.0.is_empty() {
        return Err("bytes follow its end");
    }
    let mut records = Records::default();
    for at in 0..count {
        let (ix, record) = record(planes.map(|plane| plane.get(at)))?;
        if !store.is_live(ix) || records.get(ix).is_some() {
            return Err("a record is of nobody, or comes twice");
        }
        *records.make(ix) = record;
    }
    Ok((floor, agenda, records))
}

fn instant(bits: u64) -> Result<i64, What> {
    let at = bits as i64;
    if at == i64::MIN || (0..=LATEST).contains(&at) {
        Ok(at)
    } else {
        Err("a record's instant is at no time")
    }
}

fn record(fields: [u64; FIELDS.len()]) -> Result<(Ix, Record), What> {
    let [
        ix,
        number,
        flags,
        level,
        opened,
        closed,
        quiet,
        seen,
        probability,
    ] = fields;
    let probability = f64::from_bits(probability);
    let is_open = flags & OPEN != 0;
    let is_odd = flags > (OPEN | SILENT | GONE)
        || number > u64::from(u32::MAX / 2)
        || (is_open && number == 0)
        || !(probability.is_nan() || (0.0..=1.0).contains(&probability));
    let opened = instant(opened)?;
    if is_odd || (is_open && opened == i64::MIN) {
        return Err("a record is of no decision");
    }
    let open = is_open.then_some(Open {
        at: opened,
        level: level as u8,
        silent: flags & SILENT != 0,
    });
    let record = Record {
        number: number as u32,
        open,
        closed_at: instant(closed)?,
        quiet_since: instant(quiet)?,
        seen_at: instant(seen)?,
        gone: flags & GONE != 0,
        probability,
    };
    Ok((Ix(ix as u32), record))
}

/// A hash of all records by customer id, whatever the indices are.
pub(crate) fn digest(records: &Records, store: &Store) -> u64 {
    let mut bytes = Vec::new();
    records.iter().fold(0, |sum, (ix, record)| {
        bytes.clear();
        // An instant before the customer's newest event says nothing.
        let seen_at = match store.newest(ix) {
            Some(newest) if record.seen_at <= newest => i64::MIN,
            _ => record.seen_at,
        };
        for field in &fields(Ix(0), &Record { seen_at, ..record }) {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        let id = xxh3_64(store.id(ix).as_bytes());
        sum.wrapping_add(xxh3_64_with_seed(&bytes, id))
    })
}
