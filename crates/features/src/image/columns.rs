//! Bytes by column. Numbers are in as few bytes as they need: seven bits a byte, low ones first.

/// What stands side by side in a piece. All columns are read in the order of customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Column {
    /// An id's length + 1; 0 for a free index.
    IdLengths,
    /// Bytes that an id shares with the id before it.
    IdShared,
    /// The rest of each id.
    IdRest,
    /// Which times a customer has, and which of them equal the newest.
    Which,
    /// Low and high byte of the newest event's UTC day.
    DayLow,
    DayHigh,
    /// Days from another time to the newest one.
    Gaps,
    /// Times of day.
    Clocks,
    /// Refunds, minor units.
    Refunds,
    /// Number of day words.
    Words,
    /// Days from each word to the next newer one.
    WordGaps,
    /// What kind of word each is.
    Shapes,
    /// Numbers of a word that its shape doesn't say.
    Counts,
    /// Amounts of purchase words, minor units.
    Amounts,
    /// Purchases that are older than the words.
    Past,
    /// Number of remembered event ids, their hashes and times.
    Recent,
    RecentHashes,
    RecentTimes,
    /// Statistics over the whole life: whole numbers, and the four bytes of the others.
    Life,
    LifeBytes,
}

pub(crate) const COLUMNS: usize = Column::LifeBytes as usize + 1;

/// A piece's columns while it is written.
#[derive(Debug, Default)]
pub(crate) struct Columns([Vec<u8>; COLUMNS]);

impl Columns {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn clear(&mut self) {
        self.0.iter_mut().for_each(Vec::clear);
    }

    #[inline]
    pub(crate) fn byte(&mut self, column: Column, byte: u8) {
        self.0[column as usize].push(byte);
    }

    pub(crate) fn bytes(&mut self, column: Column, bytes: &[u8]) {
        self.0[column as usize].extend_from_slice(bytes);
    }

    #[inline]
    pub(crate) fn number(&mut self, column: Column, mut number: u64) {
        let column = &mut self.0[column as usize];
        while number >= 0x80 {
            column.push(number as u8 | 0x80);
            number >>= 7;
        }
        column.push(number as u8);
    }

    /// A number of either sign.
    #[inline]
    pub(crate) fn signed(&mut self, column: Column, number: i64) {
        self.number(column, ((number << 1) ^ (number >> 63)) as u64);
    }

    /// Appends each column's length and bytes.
    pub(crate) fn write_to(&self, out: &mut Vec<u8>) {
        let all: usize = self.0.iter().map(|column| column.len() + 4).sum();
        out.reserve_exact(all);
        for column in &self.0 {
            out.extend_from_slice(&(column.len() as u32).to_le_bytes());
            out.extend_from_slice(column);
        }
    }
}

/// Columns while they are read.
#[derive(Debug)]
pub(crate) struct Cursor<'a>([&'a [u8]; COLUMNS]);

/// What is wrong with bytes.
pub(crate) type What = &'static str;

const SHORT: What = "a column ends too soon";

impl<'a> Cursor<'a> {
    /// Takes apart what [`Columns::write_to`] has written.
    pub(crate) fn new(mut bytes: &'a [u8]) -> Result<Self, What> {
        let mut columns = [&[][..]; COLUMNS];
        for column in &mut columns {
            let (length, rest) = bytes.split_first_chunk::<4>().ok_or(SHORT)?;
            let length = u32::from_le_bytes(*length) as usize;
            (*column, bytes) = rest.split_at_checked(length).ok_or(SHORT)?;
        }
        if bytes.is_empty() {
            Ok(Self(columns))
        } else {
            Err("bytes follow the last column")
        }
    }

    #[inline]
    pub(crate) fn byte(&mut self, column: Column) -> Result<u8, What> {
        let column = &mut self.0[column as usize];
        let (&byte, rest) = column.split_first().ok_or(SHORT)?;
        *column = rest;
        Ok(byte)
    }

    #[inline]
    pub(crate) fn bytes(&mut self, column: Column, length: usize) -> Result<&'a [u8], What> {
        let column = &mut self.0[column as usize];
        let (bytes, rest) = column.split_at_checked(length).ok_or(SHORT)?;
        *column = rest;
        Ok(bytes)
    }

    #[inline]
    pub(crate) fn number(&mut self, column: Column) -> Result<u64, What> {
        let first = self.byte(column)?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        let mut number = u64::from(first & 0x7f);
        for shift in (7..64).step_by(7) {
            let byte = self.byte(column)?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err("a number is longer than 64 bits")
    }

    /// A number of either sign.
    #[inline]
    pub(crate) fn signed(&mut self, column: Column) -> Result<i64, What> {
        let number = self.number(column)?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// Every column must have been read to its end.
    pub(crate) fn finish(&self) -> Result<(), What> {
        if self.0.iter().all(|column| column.is_empty()) {
            Ok(())
        } else {
            Err("a column is longer than its customers need")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_size_and_sign_come_back() {
        let numbers = (0..64).flat_map(|bit| [1 << bit, (1 << bit) - 1, u64::MAX >> bit]);
        let numbers: Vec<u64> = numbers.collect();
        let mut columns = Columns::new();
        for &number in &numbers {
            columns.number(Column::Past, number);
            columns.signed(Column::Counts, number as i64);
        }
        let mut bytes = Vec::new();
        columns.write_to(&mut bytes);
        let mut from = Cursor::new(&bytes).unwrap();
        for &number in &numbers {
            assert_eq!(from.number(Column::Past), Ok(number));
            assert_eq!(from.signed(Column::Counts), Ok(number as i64));
        }
        assert_eq!(from.finish(), Ok(()));
    }

    #[test]
    fn bytes_that_are_no_number_or_no_columns_are_refused() {
        let read = |bytes: &[u8]| {
            let mut columns = Columns::new();
            columns.bytes(Column::Past, bytes);
            let mut all = Vec::new();
            columns.write_to(&mut all);
            Cursor::new(&all).and_then(|mut from| from.number(Column::Past))
        };
        assert_eq!(read(&[0x80; 3]), Err(SHORT));
        let too_long = Err("a number is longer than 64 bits");
        assert_eq!(read(&[0xff; 11]), too_long);
        assert_eq!(read(&[[0xff; 9], [0x02; 9]].concat()), too_long);
        assert!(Cursor::new(&[1, 0, 0]).is_err());
        assert!(Cursor::new(&[0; COLUMNS * 4 + 1]).is_err());
    }
}
