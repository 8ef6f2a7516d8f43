//! One input record as it came, borrowed from its source.

/// One input record, the same for Kafka and for event files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Record<'a> {
    /// Partition it was read from; 0 where there is only one.
    pub partition: i32,
    /// Offset in the partition (Kafka), or the number of the record in its segment (files).
    pub offset: i64,
    /// Line in the file, counted from 1; none for Kafka.
    pub line: Option<u64>,
    /// The key, which has to be the customer id where it is given.
    pub key: Option<&'a [u8]>,
    /// The value; none is a tombstone, which erases the customer named by the key.
    pub value: Option<&'a [u8]>,
    /// The broker's timestamp in milliseconds UTC; none for file lines.
    pub timestamp: Option<i64>,
    /// Headers in the order in which they came.
    pub headers: Headers<'a>,
}

/// The headers of a record, which may still be packed: few records have any, and fewer need them.
#[derive(Clone, Copy)]
pub enum Headers<'a> {
    /// As a list.
    List(&'a [Header<'a>]),
    /// To be unpacked when somebody asks.
    Packed(&'a dyn Unpack<'a>),
}

/// Something that holds packed headers.
pub trait Unpack<'a> {
    /// The headers; the same at every call.
    fn headers(&'a self) -> &'a [Header<'a>];
}

impl<'a> Headers<'a> {
    /// The headers as a list.
    #[must_use]
    pub fn list(self) -> &'a [Header<'a>] {
        match self {
            Self::List(list) => list,
            Self::Packed(packed) => packed.headers(),
        }
    }
}

impl Default for Headers<'_> {
    fn default() -> Self {
        Self::List(&[])
    }
}

impl std::fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.list().fmt(f)
    }
}

impl<'a> Record<'a> {
    /// A file line without a key: partition 0, the offset as given.
    #[must_use]
    pub fn line(offset: i64, value: &'a [u8]) -> Self {
        let line = u64::try_from(offset).ok().map(|o| o + 1);
        Self {
            offset,
            line,
            value: Some(value),
            ..Self::default()
        }
    }

    /// The value of the first header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.headers
            .list()
            .iter()
            .find(|h| h.name.eq_ignore_ascii_case(name))
            .and_then(|h| h.value)
    }
}

/// One record header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// The name, as sent.
    pub name: &'a str,
    /// The value; Kafka allows none.
    pub value: Option<&'a [u8]>,
}
