//! The file of a snapshot in, pieces of state out. Whatever the bytes are, the answer is state or a [`Fault`].

use std::ops::Range;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::Xxh3;
use zstd::bulk::Decompressor;

use crate::layout::{BLOCK, END, FOOTER, GROWTH, HEAD, Head, LINE, MORE, ZSTD, footer};
use crate::packer::hex;
use crate::{FORMAT, Fault, Manifest, Name, Packed};

/// How every version's first line begins.
const START: &[u8] = b"{\"format\":\"holdfast-snapshot/";

/// A part of a section, as it was given to [`crate::Packer::add`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its number within the section.
    pub number: u32,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A whole file whose every checksum is right. Pieces are unpacked when they are asked for.
#[derive(Debug)]
pub struct Snapshot {
    manifest: Manifest,
    file: Vec<u8>,
    blocks: Vec<Block>,
}

#[derive(Debug)]
struct Block {
    head: Head,
    body: Range<usize>,
}

impl Snapshot {
    /// Checks a file whole: layout, checksums and, with a `name`, that it is the file of this name.
    ///
    /// # Errors
    /// The first fault that was found. Memory stays below about three times the file, whatever its bytes say.
    pub fn read(file: Vec<u8>, name: Option<&Name>) -> Result<Self, Fault> {
        let (manifest, line) = header(&file)?;
        check_length(&manifest, line, file.len() as u64)?;
        let end = file.len() - FOOTER;
        let blocks = blocks(&file[..end], line)?;
        check_sections(&manifest, &blocks)?;
        let mut sum = Xxh3::new();
        sum.update(&file[..end]);
        if file[end..] != footer(sum, blocks.len() as u64, file.len() as u64) {
            let what = if file[end..].starts_with(&END) {
                "the file fails its checksum"
            } else {
                "the file does not end as a snapshot does"
            };
            return Err(Fault::Corrupt(what.to_owned()));
        }
        if let Some(name) = name {
            let sha256 = hex(&Sha256::digest(&file));
            let own = Name::new(&manifest, &sha256);
            if own != *name {
                return Err(Fault::Corrupt(format!("the name of this file is {own}")));
            }
        }
        Ok(Self {
            manifest,
            file,
            blocks,
        })
    }

    /// The first line.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The pieces of a section, unpacked one by one; none if there is no such section.
    pub fn pieces(&self, section: &str) -> impl Iterator<Item = Result<Piece, Fault>> + '_ {
        let index = self
            .manifest
            .sections
            .iter()
            .position(|s| s.name == section);
        let mut own = self
            .blocks
            .iter()
            .filter(move |b| Some(usize::from(b.head.section)) == index);
        let mut decompressor = Decompressor::new().ok();
        std::iter::from_fn(move || {
            let mut block = own.next()?;
            let mut bytes = Vec::new();
            loop {
                if let Err(fault) = self.unpack(block, decompressor.as_mut(), &mut bytes) {
                    return Some(Err(fault));
                }
                if block.head.flags & MORE == 0 {
                    break;
                }
                block = own.next()?;
            }
            let number = block.head.number;
            Some(Ok(Piece { number, bytes }))
        })
    }

    /// All pieces of a section.
    ///
    /// # Errors
    /// If a block does not unpack to what its head says.
    pub fn section(&self, section: &str) -> Result<Vec<Piece>, Fault> {
        self.pieces(section).collect()
    }

    /// Unpacks everything and keeps nothing: whether [`Snapshot::pieces`] would fail anywhere.
    ///
    /// # Errors
    /// The first block that does not unpack to what its head says.
    pub fn check(&self) -> Result<(), Fault> {
        let sections = self.manifest.sections.iter();
        sections
            .flat_map(|section| self.pieces(&section.name))
            .try_for_each(|piece| piece.map(drop))
    }

    /// The file as it is, to be published elsewhere.
    pub(crate) fn into_packed(self) -> Packed {
        let sha256 = hex(&Sha256::digest(&self.file));
        Packed {
            name: Name::new(&self.manifest, &sha256),
            manifest: self.manifest,
            sha256,
            bytes: self.file.len() as u64,
            payload: self.file.into(),
        }
    }

    fn unpack(
        &self,
        block: &Block,
        decompressor: Option<&mut Decompressor<'_>>,
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let body = &self.file[block.body.clone()];
        let length = block.head.length as usize;
        if block.head.flags & ZSTD == 0 {
            out.extend_from_slice(body);
            return Ok(());
        }
        let unpacked = decompressor.and_then(|d| d.decompress(body, length).ok());
        let unpacked = unpacked.filter(|bytes| bytes.len() == length);
        let unpacked = unpacked.ok_or_else(|| {
            Fault::Corrupt(format!("block {} does not unpack", block.head.number))
        })?;
        if out.is_empty() {
            *out = unpacked;
        } else {
            out.extend_from_slice(&unpacked);
        }
        Ok(())
    }
}

/// The manifest at the start of a file, with the length of its line; `bytes` may be the first [`LINE`] bytes only.
pub(crate) fn header(bytes: &[u8]) -> Result<(Manifest, usize), Fault> {
    #[derive(Deserialize)]
    struct Any {
        format: String,
    }
    if bytes.is_empty() {
        return Err(Fault::Truncated("the file is empty".to_owned()));
    }
    let same = START.len().min(bytes.len());
    if bytes[..same] != START[..same] {
        return Err(Fault::Foreign(
            "the file does not begin as a snapshot does".to_owned(),
        ));
    }
    let end = bytes.iter().take(LINE).position(|b| *b == b'\n');
    let Some(end) = end else {
        return Err(if bytes.len() < LINE {
            Fault::Truncated("the file ends in its first line".to_owned())
        } else {
            Fault::Corrupt("the first line has no end".to_owned())
        });
    };
    let line = &bytes[..end];
    let wrong =
        |e: serde_json::Error| Fault::Corrupt(format!("the first line is no manifest: {e}"));
    let format = serde_json::from_slice::<Any>(line).map_err(wrong)?.format;
    if format != FORMAT {
        return Err(Fault::Newer(format));
    }
    let manifest: Manifest = serde_json::from_slice(line).map_err(wrong)?;
    let sane = manifest.offset >= 0
        && u32::try_from(manifest.partition).is_ok_and(|p| p < manifest.partitions);
    if !sane {
        return Err(Fault::Corrupt(format!(
            "partition {} of {} at offset {} cannot be",
            manifest.partition, manifest.partitions, manifest.offset
        )));
    }
    Ok((manifest, end + 1))
}

/// The file's length against what its first line says: finds a lost end without reading the file.
pub(crate) fn check_length(manifest: &Manifest, line: usize, length: u64) -> Result<(), Fault> {
    let blocks = manifest.sections.iter().try_fold(0_u64, |sum, section| {
        let heads = section.blocks.checked_mul(HEAD as u64)?;
        sum.checked_add(heads)?.checked_add(section.packed_bytes)
    });
    let expected = blocks.and_then(|b| b.checked_add((line + FOOTER) as u64));
    match expected {
        Some(expected) if expected == length => Ok(()),
        Some(expected) if length < expected => Err(Fault::Truncated(format!(
            "the file has {length} bytes of {expected}"
        ))),
        _ => Err(Fault::Corrupt(format!(
            "the file has {length} bytes, more than its first line says"
        ))),
    }
}

/// The blocks between the first line and the footer.
fn blocks(bytes: &[u8], line: usize) -> Result<Vec<Block>, Fault> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut rest = &bytes[line.min(bytes.len())..];
    while !rest.is_empty() {
        let (head, packed, after) = Head::read(rest)?;
        let start = bytes.len() - rest.len() + HEAD;
        let length = head.length as usize;
        let fits = length <= BLOCK
            && head.flags & !(MORE | ZSTD) == 0
            && if head.flags & ZSTD == 0 {
                length == packed.len()
            } else {
                length <= packed.len() * GROWTH
            };
        let before = blocks.last().map(|b| b.head);
        let follows = before.is_none_or(|before| {
            before.flags & MORE == 0
                || (before.section == head.section && before.number == head.number)
        });
        if !fits || !follows {
            return Err(Fault::Corrupt(format!(
                "block {} of section {} cannot be",
                head.number, head.section
            )));
        }
        blocks.push(Block {
            head,
            body: start..start + packed.len(),
        });
        rest = after;
    }
    if blocks.last().is_some_and(|b| b.head.flags & MORE != 0) {
        return Err(Fault::Corrupt("the last piece has no end".to_owned()));
    }
    Ok(blocks)
}

/// Whether the blocks are those that the first line counts.
fn check_sections(manifest: &Manifest, blocks: &[Block]) -> Result<(), Fault> {
    let mut found = manifest.sections.clone();
    for section in &mut found {
        (section.blocks, section.bytes, section.packed_bytes) = (0, 0, 0);
    }
    for block in blocks {
        let section = found.get_mut(usize::from(block.head.section));
        let section = section
            .ok_or_else(|| Fault::Corrupt(format!("there is no section {}", block.head.section)))?;
        section.blocks += 1;
        section.bytes += u64::from(block.head.length);
        section.packed_bytes += block.body.len() as u64;
    }
    match manifest.sections.iter().zip(&found).find(|(a, b)| a != b) {
        None => Ok(()),
        Some((said, found)) => Err(Fault::Corrupt(format!(
            "section {} has {} blocks of {} bytes, the first line says {} of {}",
            said.name, found.blocks, found.bytes, said.blocks, said.bytes
        ))),
    }
}
