//! A piece: header, ids and customers.

use super::columns::{Column, Columns, Cursor};
use super::{Customer, ImageFault, LOGIC, PIECE, Piece, Restored, encode, pieces_of};
use crate::stats::Occasion;
use crate::store::{CartAbandon, Settings};

type What = &'static str;

/// Logic, number, end, settings.
const HEADER: usize = 4 + 4 + 4 + SETTINGS;
const SETTINGS: usize = 1 + 1 + 8 + 1;
/// Most bytes that an id is said to share with the one before it.
const MOST_SHARED: usize = u8::MAX as usize;

/// What all pieces of an image have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Indices at or after this one are not in the image.
    pub(crate) end: u32,
    settings: [u8; SETTINGS],
}

impl Frame {
    pub(crate) fn new(end: u32, settings: &Settings) -> Self {
        let after_ms = match settings.cart_abandon {
            CartAbandon::Given => -1,
            CartAbandon::Derived { after_ms } => after_ms,
        };
        let mut bytes = [0; SETTINGS];
        bytes[0] = u8::from(settings.dedupe);
        bytes[1] = settings.minor_exponent;
        bytes[2..10].copy_from_slice(&after_ms.to_le_bytes());
        bytes[10] = match settings.stats {
            None => 0,
            Some(Occasion::Purchase) => 1,
            Some(Occasion::Activity) => 2,
        };
        Self {
            end,
            settings: bytes,
        }
    }

    /// The indices of a piece.
    pub(crate) fn range(&self, number: u32) -> std::ops::Range<u32> {
        let first = number.saturating_mul(PIECE).min(self.end);
        first..first.saturating_add(PIECE).min(self.end)
    }
}

/// The settings that a piece says it was made under; none where it has no whole header.
pub(super) fn settings(piece: &Piece) -> Option<Settings> {
    let bytes = piece.bytes.get(HEADER - SETTINGS..HEADER)?;
    let after_ms = i64::from_le_bytes(*bytes.get(2..)?.first_chunk()?);
    Some(Settings {
        dedupe: *bytes.first()? != 0,
        cart_abandon: if after_ms < 0 {
            CartAbandon::Given
        } else {
            CartAbandon::Derived { after_ms }
        },
        minor_exponent: *bytes.get(1)?,
        stats: match bytes.get(10)? {
            1 => Some(Occasion::Purchase),
            2 => Some(Occasion::Activity),
            _ => None,
        },
    })
}

/// Writes the piece of this number; `customer` gives id and state of a live index.
pub(crate) fn write_piece<'a>(
    frame: Frame,
    number: u32,
    columns: &mut Columns,
    customer: impl Fn(u32) -> Option<(&'a str, Customer<'a>)>,
) -> Piece {
    columns.clear();
    let mut before: &[u8] = &[];
    for ix in frame.range(number) {
        let Some((id, state)) = customer(ix) else {
            columns.byte(Column::IdLengths, 0);
            continue;
        };
        let id = id.as_bytes();
        let shared = id.iter().zip(before).take(MOST_SHARED);
        let shared = shared.take_while(|(here, there)| here == there).count();
        columns.number(Column::IdLengths, id.len() as u64 + 1);
        columns.byte(Column::IdShared, shared as u8);
        columns.bytes(Column::IdRest, &id[shared..]);
        before = id;
        encode(state, columns);
    }
    let mut bytes = Vec::with_capacity(HEADER);
    for part in [LOGIC, number, frame.end] {
        bytes.extend_from_slice(&part.to_le_bytes());
    }
    bytes.extend_from_slice(&frame.settings);
    columns.write_to(&mut bytes);
    Piece { number, bytes }
}

/// Pieces of one image, checked to be of it and all there.
pub(crate) struct PieceReader<'a> {
    frame: Frame,
    bodies: Vec<&'a [u8]>,
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*bytes))
}

impl<'a> PieceReader<'a> {
    pub(crate) fn new(settings: &Settings, pieces: &'a [Piece]) -> Result<Self, ImageFault> {
        let first = pieces.first().ok_or(ImageFault::Missing {
            number: 0,
            pieces: 1,
        })?;
        let end = word(&first.bytes, 8).ok_or(ImageFault::Damaged {
            number: first.number,
            what: "it has no header",
        })?;
        let frame = Frame::new(end, settings);
        let wanted = pieces_of(end);
        // Nothing is reserved for pieces that aren't there.
        let mut bodies: Vec<Option<&[u8]>> = vec![None; pieces.len().min(wanted as usize)];
        for piece in pieces {
            let body = body(piece, &frame)?;
            let Some(place) = bodies.get_mut(piece.number as usize) else {
                return Err(if piece.number < wanted {
                    missing(&bodies, wanted)
                } else {
                    ImageFault::Foreign {
                        number: piece.number,
                    }
                });
            };
            if place.replace(body).is_some() {
                return Err(ImageFault::Foreign {
                    number: piece.number,
                });
            }
        }
        let all: Option<Vec<&[u8]>> = bodies.iter().copied().collect();
        match all.filter(|all| all.len() == wanted as usize) {
            Some(bodies) => Ok(Self { frame, bodies }),
            None => Err(missing(&bodies, wanted)),
        }
    }

    pub(crate) fn frame(&self) -> Frame {
        self.frame
    }

    /// Reads all customers in the order of their indices; `meet` gets id and state, none for a free index.
    pub(crate) fn read(
        &self,
        mut meet: impl FnMut(Option<(&str, &Restored)>) -> Result<(), What>,
    ) -> Result<(), ImageFault> {
        let mut restored = Restored::new();
        for (number, body) in (0..).zip(&self.bodies) {
            let indices = self.frame.range(number);
            let has_stats = self.frame.settings[SETTINGS - 1] != 0;
            read_piece(body, (indices.len(), has_stats), &mut restored, &mut meet)
                .map_err(|what| ImageFault::Damaged { number, what })?;
        }
        Ok(())
    }
}

fn missing(bodies: &[Option<&[u8]>], pieces: u32) -> ImageFault {
    let number = bodies.iter().position(Option::is_none);
    ImageFault::Missing {
        number: number.unwrap_or(bodies.len()) as u32,
        pieces,
    }
}

/// What follows a piece's header, if that is the frame's.
fn body<'a>(piece: &'a Piece, frame: &Frame) -> Result<&'a [u8], ImageFault> {
    let number = piece.number;
    let bytes = &piece.bytes;
    let (Some(logic), Some(inner), Some(end), Some(settings)) = (
        word(bytes, 0),
        word(bytes, 4),
        word(bytes, 8),
        bytes.get(12..HEADER),
    ) else {
        return Err(ImageFault::Damaged {
            number,
            what: "it has no header",
        });
    };
    if logic != LOGIC {
        return Err(ImageFault::Logic { found: logic });
    }
    if settings != frame.settings {
        return Err(ImageFault::Settings);
    }
    if inner != number || end != frame.end {
        return Err(ImageFault::Foreign { number });
    }
    Ok(&bytes[HEADER..])
}

fn read_piece(
    body: &[u8],
    (indices, has_stats): (usize, bool),
    restored: &mut Restored,
    meet: &mut impl FnMut(Option<(&str, &Restored)>) -> Result<(), What>,
) -> Result<(), What> {
    let mut from = Cursor::new(body)?;
    let mut id: Vec<u8> = Vec::new();
    for _ in 0..indices {
        let Some(length) = from.number(Column::IdLengths)?.checked_sub(1) else {
            meet(None)?;
            continue;
        };
        let shared = usize::from(from.byte(Column::IdShared)?);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if shared > id.len() || shared > length {
            return Err("an id shares more than there is");
        }
        id.truncate(shared);
        id.extend_from_slice(from.bytes(Column::IdRest, length - shared)?);
        let text = str::from_utf8(&id).map_err(|_| "an id is no text")?;
        restored.read(&mut from, has_stats)?;
        meet(Some((text, restored)))?;
    }
    from.finish()
}
