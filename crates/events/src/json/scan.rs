//! A scanner over one JSON object that keeps the raw text of a few members.
//!
//! It checks the whole text by the grammar of RFC 8259, as serde_json does, and gives up (none) on
//! anything else than a sound object of sound depth whose wanted members stand there once, under
//! names written without escapes. serde_json then says what is wrong, or reads it. Nothing recurses:
//! the open brackets are bits of one word, which is also what bounds the depth.

use super::MAX_DEPTH;

/// The raw values of the wanted members of a record; null counts as absent.
///
/// `place` gives the place of a wanted name below `N`, and `N` or more for any other. Text that is
/// not ASCII is taken as it stands: see [`Found::is_ascii`].
pub(crate) fn members<const N: usize>(
    object: &[u8],
    place: impl Fn(&[u8]) -> usize,
) -> Option<Found<'_, N>> {
    let mut scan = Scan {
        bytes: object,
        at: 0,
        tops: 0,
    };
    let mut members = [None; N];
    let mut seen = 0_u64;
    scan.space();
    scan.take(b'{')?;
    scan.space();
    if scan.peek()? == b'}' {
        scan.at += 1;
        return scan.end().then_some(Found {
            members,
            is_ascii: true,
        });
    }
    loop {
        let name = scan.name()?;
        let start = scan.at;
        scan.value()?;
        let place = place(name);
        if place < N {
            if seen & (1 << place) != 0 {
                return None;
            }
            seen |= 1 << place;
            members[place] = object.get(start..scan.at).filter(|raw| *raw != b"null");
        }
        scan.space();
        match scan.next()? {
            b',' => scan.space(),
            b'}' => break,
            _ => return None,
        }
    }
    scan.end().then_some(Found {
        members,
        is_ascii: scan.tops & TOPS == 0,
    })
}

/// What a scan found.
pub(crate) struct Found<'a, const N: usize> {
    pub(crate) members: [Option<&'a [u8]>; N],
    /// Whether all of it is ASCII; else it is not known yet whether it is UTF-8. A scan looks for
    /// quotes, brackets and the like, which are bytes of their own in UTF-8, so the order of the
    /// two checks does not matter.
    pub(crate) is_ascii: bool,
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    /// All bytes of strings, or-ed in words: tells whether any is beyond ASCII.
    tops: u64,
}

impl<'a> Scan<'a> {
    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline(always)]
    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    #[inline(always)]
    fn take(&mut self, wanted: u8) -> Option<()> {
        (self.next()? == wanted).then_some(())
    }

    #[inline(always)]
    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn end(&mut self) -> bool {
        self.space();
        self.at == self.bytes.len()
    }

    /// A member's name and its colon, up to the value. Names with escapes are left to serde_json.
    fn name(&mut self) -> Option<&'a [u8]> {
        self.take(b'"')?;
        let start = self.at;
        let escaped = self.string()?;
        let name = &self.bytes[start..self.at - 1];
        self.space();
        self.take(b':')?;
        self.space();
        (!escaped).then_some(name)
    }

    /// One value of any kind.
    fn value(&mut self) -> Option<()> {
        let mut open = Brackets::default();
        loop {
            match self.next()? {
                b'"' => {
                    self.string()?;
                }
                b'-' => self.number()?,
                b'0'..=b'9' => {
                    self.at -= 1;
                    self.number()?;
                }
                b't' => self.word(b"rue")?,
                b'f' => self.word(b"alse")?,
                b'n' => self.word(b"ull")?,
                bracket @ (b'{' | b'[') => {
                    open.push(bracket == b'{')?;
                    self.space();
                    if self.peek()? != open.closing() {
                        self.inner_name(&open)?;
                        continue;
                    }
                }
                _ => return None,
            }
            if self.close(&mut open)? {
                return Some(());
            }
        }
    }

    /// Goes from behind a value to the next one, or tells that the outermost is done.
    fn close(&mut self, open: &mut Brackets) -> Option<bool> {
        while open.depth > 0 {
            self.space();
            let byte = self.next()?;
            if byte == b',' {
                self.space();
                self.inner_name(open)?;
                return Some(false);
            }
            if byte != open.closing() {
                return None;
            }
            open.depth -= 1;
            open.objects >>= 1;
        }
        Some(true)
    }

    /// In an object the name before a value; in a list nothing.
    fn inner_name(&mut self, open: &Brackets) -> Option<()> {
        if open.objects & 1 == 0 {
            return Some(());
        }
        self.take(b'"')?;
        self.string()?;
        self.space();
        self.take(b':')?;
        self.space();
        Some(())
    }

    fn word(&mut self, rest: &[u8]) -> Option<()> {
        let end = self.at + rest.len();
        (self.bytes.get(self.at..end)? == rest).then_some(())?;
        self.at = end;
        Some(())
    }

    /// A number from behind its minus sign.
    fn number(&mut self) -> Option<()> {
        if self.peek()? == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let rest = self.bytes.get(self.at..)?;
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        self.at += digits;
        (digits > 0).then_some(())
    }

    /// A string from behind its opening quote; tells whether it holds escapes.
    #[inline(always)]
    fn string(&mut self) -> Option<bool> {
        self.plain_run();
        if self.peek()? == b'"' {
            self.at += 1;
            return Some(false);
        }
        self.string_with_escapes()
    }

    #[cold]
    fn string_with_escapes(&mut self) -> Option<bool> {
        loop {
            match self.next()? {
                b'"' => return Some(true),
                b'\\' => self.escape()?,
                _ => return None, // a control character
            }
            self.plain_run();
        }
    }

    /// Goes to the next quote, backslash or control character, or to the end.
    #[inline(always)]
    fn plain_run(&mut self) {
        while let Some(chunk) = self
            .bytes
            .get(self.at..)
            .and_then(|rest| rest.first_chunk())
        {
            let word = u64::from_le_bytes(*chunk);
            let special = special_bytes(word);
            self.tops |= word; // what stands behind the string is of the record too
            if special != 0 {
                self.at += (special.trailing_zeros() / 8) as usize;
                return;
            }
            self.at += 8;
        }
        while let Some(byte @ 0x20..) = self.peek() {
            if matches!(byte, b'"' | b'\\') {
                return;
            }
            self.tops |= u64::from(byte);
            self.at += 1;
        }
    }

    fn escape(&mut self) -> Option<()> {
        match self.next()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                let digits = self.bytes.get(self.at..self.at + 4)?;
                self.at += 4;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(())
            }
            _ => None,
        }
    }
}

/// The open brackets inside one value, innermost in the lowest bit: 1 is an object.
#[derive(Default)]
struct Brackets {
    objects: u64,
    depth: usize,
}

impl Brackets {
    fn push(&mut self, is_object: bool) -> Option<()> {
        self.depth += 1;
        self.objects = self.objects << 1 | u64::from(is_object);
        (self.depth < MAX_DEPTH).then_some(()) // the record's own object is one level
    }

    fn closing(&self) -> u8 {
        if self.objects & 1 == 1 { b'}' } else { b']' }
    }
}

const ONES: u64 = u64::MAX / 255;
const TOPS: u64 = ONES << 7;

/// Marks, in the top bit of each of eight bytes, those that end a run of plain text: the quote, the
/// backslash and control characters. Exact up to and including the lowest one marked.
#[inline(always)]
fn special_bytes(word: u64) -> u64 {
    let is_zero = |w: u64| w.wrapping_sub(ONES) & !w;
    let quote = is_zero(word ^ (ONES * b'"' as u64));
    let backslash = is_zero(word ^ (ONES * b'\\' as u64));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (quote | backslash | control) & TOPS
}
