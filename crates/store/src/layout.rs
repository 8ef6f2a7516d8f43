//! Where lies what in a snapshot. All numbers are little-endian.
//!
//! ```text
//! {"format":"holdfast-snapshot/1", ... ,"sections":[...]}\n     one line of JSON, at most 1 MiB
//! block*
//! footer
//!
//! block  = section u16 | flags u16 | number u32 | length u32 | packed length u32 | xxh3 u64 | packed bytes
//! footer = "HFSNAPEN" | blocks u64 | length of the file u64 | xxh3 of all before this number u64
//! ```
//!
//! The checksum of a block covers the 16 bytes before it and the packed bytes. A piece of more than [`BLOCK`] bytes
//! takes several blocks in a row, all but the last with the flag [`MORE`]. Bytes that do not shrink are kept as they
//! are, without [`ZSTD`]. The object's name holds the SHA-256 of the file, so a checksum that somebody repaired does
//! not help an altered file; the checksums say which part of a damaged one is bad.

use xxhash_rust::xxh3::Xxh3;

use crate::Fault;

/// The longest first line.
pub(crate) const LINE: usize = 1 << 20;
/// The most unpacked bytes of one block.
pub(crate) const BLOCK: usize = 4 << 20;
/// A block grows by at most this factor when it is unpacked, so that a small file cannot fill the memory.
pub(crate) const GROWTH: usize = 1024;
pub(crate) const HEAD: usize = 24;
pub(crate) const FOOTER: usize = 32;
pub(crate) const END: [u8; 8] = *b"HFSNAPEN";

/// The block's piece goes on in the next block.
pub(crate) const MORE: u16 = 1;
/// The bytes are packed with zstd.
pub(crate) const ZSTD: u16 = 2;

/// The head of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) section: u16,
    pub(crate) flags: u16,
    pub(crate) number: u32,
    pub(crate) length: u32,
    pub(crate) packed: u32,
}

impl Head {
    pub(crate) fn write(&self, packed: &[u8]) -> [u8; HEAD] {
        let mut out = [0; HEAD];
        out[0..2].copy_from_slice(&self.section.to_le_bytes());
        out[2..4].copy_from_slice(&self.flags.to_le_bytes());
        out[4..8].copy_from_slice(&self.number.to_le_bytes());
        out[8..12].copy_from_slice(&self.length.to_le_bytes());
        out[12..16].copy_from_slice(&self.packed.to_le_bytes());
        let sum = checksum(&out[..16], packed);
        out[16..].copy_from_slice(&sum.to_le_bytes());
        out
    }

    /// The head at the start of `bytes`, with the block's packed bytes and what follows them.
    pub(crate) fn read(bytes: &[u8]) -> Result<(Self, &[u8], &[u8]), Fault> {
        let short = || Fault::Truncated("the file ends inside a block".to_owned());
        let (raw, rest) = bytes.split_first_chunk::<HEAD>().ok_or_else(short)?;
        let head = Self {
            section: u16::from_le_bytes([raw[0], raw[1]]),
            flags: u16::from_le_bytes([raw[2], raw[3]]),
            number: u32::from_le_bytes([raw[4], raw[5], raw[6], raw[7]]),
            length: u32::from_le_bytes([raw[8], raw[9], raw[10], raw[11]]),
            packed: u32::from_le_bytes([raw[12], raw[13], raw[14], raw[15]]),
        };
        let (packed, rest) = rest
            .split_at_checked(head.packed as usize)
            .ok_or_else(short)?;
        if raw[16..] != checksum(&raw[..16], packed).to_le_bytes() {
            return Err(Fault::Corrupt(format!(
                "block {} of section {} fails its checksum",
                head.number, head.section
            )));
        }
        Ok((head, packed, rest))
    }
}

fn checksum(head: &[u8], packed: &[u8]) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(head);
    hash.update(packed);
    hash.digest()
}

/// The footer of a file; `before` has seen all that stands before it.
pub(crate) fn footer(mut before: Xxh3, blocks: u64, length: u64) -> [u8; FOOTER] {
    let mut out = [0; FOOTER];
    out[..8].copy_from_slice(&END);
    out[8..16].copy_from_slice(&blocks.to_le_bytes());
    out[16..24].copy_from_slice(&length.to_le_bytes());
    before.update(&out[..24]);
    out[24..].copy_from_slice(&before.digest().to_le_bytes());
    out
}
