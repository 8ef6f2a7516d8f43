//! Pieces of state in, the file of a snapshot out.

use bytes::Bytes;
use object_store::PutPayload;
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::Xxh3;
use zstd::bulk::Compressor;

use crate::layout::{BLOCK, FOOTER, GROWTH, HEAD, Head, MORE, ZSTD, footer};
use crate::{Manifest, Name, Section};

/// Level 1: on state it packs nearly as well as 3 at twice the speed.
const LEVEL: i32 = 1;

/// Builds a snapshot, piece by piece, packed at once: what it holds is about what the file will take.
pub struct Packer {
    manifest: Manifest,
    blocks: Vec<Bytes>,
    compressor: Option<Compressor<'static>>,
}

impl std::fmt::Debug for Packer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packer")
            .field("manifest", &self.manifest)
            .field("blocks", &self.blocks.len())
            .finish_non_exhaustive()
    }
}

/// A whole snapshot, ready to be published.
#[derive(Debug, Clone)]
pub struct Packed {
    /// With its sections filled in.
    pub manifest: Manifest,
    /// Where it goes.
    pub name: Name,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
    /// Length of the file.
    pub bytes: u64,
    pub(crate) payload: PutPayload,
}

impl Packer {
    /// A snapshot without any state; `manifest.sections` is ignored.
    #[must_use]
    pub fn new(mut manifest: Manifest) -> Self {
        manifest.sections.clear();
        Self {
            manifest,
            blocks: Vec::new(),
            // Without a compressor (out of memory) pieces are kept as they are: bigger, and no less right.
            compressor: Compressor::new(LEVEL).ok(),
        }
    }

    /// Adds a piece. Pieces come out in the order in which they went in, those of a section together.
    ///
    /// A piece of any length is fine; about 64 KiB to 1 MiB packs best and lets loading use little memory.
    pub fn add(&mut self, section: &str, number: u32, bytes: &[u8]) {
        let index = self.section(section);
        let mut rest = bytes;
        loop {
            let (now, later) = rest.split_at(rest.len().min(BLOCK));
            let more = if later.is_empty() { 0 } else { MORE };
            self.block(index, number, now, more);
            if later.is_empty() {
                break;
            }
            rest = later;
        }
    }

    fn section(&mut self, name: &str) -> usize {
        let sections = &mut self.manifest.sections;
        let found = sections.iter().position(|s| s.name == name);
        found.unwrap_or_else(|| {
            sections.push(Section {
                name: name.to_owned(),
                blocks: 0,
                bytes: 0,
                packed_bytes: 0,
            });
            sections.len() - 1
        })
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a block has at most 4 MiB; sections are a handful of words in the code"
    )]
    fn block(&mut self, index: usize, number: u32, bytes: &[u8], more: u16) {
        let packed = self
            .compressor
            .as_mut()
            .and_then(|c| c.compress(bytes).ok())
            .filter(|p| p.len() < bytes.len() && bytes.len() <= p.len() * GROWTH);
        let (flags, body) = match &packed {
            Some(packed) => (more | ZSTD, packed.as_slice()),
            None => (more, bytes),
        };
        let head = Head {
            section: index as u16,
            flags,
            number,
            length: bytes.len() as u32,
            packed: body.len() as u32,
        };
        let mut block = Vec::with_capacity(HEAD + body.len());
        block.extend_from_slice(&head.write(body));
        block.extend_from_slice(body);
        let section = &mut self.manifest.sections[index];
        section.blocks += 1;
        section.bytes += bytes.len() as u64;
        section.packed_bytes += body.len() as u64;
        self.blocks.push(block.into());
    }

    /// The whole file. The same manifest and pieces give the same bytes.
    #[must_use]
    pub fn finish(self) -> Packed {
        let mut line = serde_json::to_vec(&self.manifest).unwrap_or_default();
        line.push(b'\n');
        let count = self.blocks.len() as u64;
        let body: usize = self.blocks.iter().map(Bytes::len).sum();
        let length = (line.len() + body + FOOTER) as u64;
        let (mut sum, mut sha) = (Xxh3::new(), Sha256::new());
        let mut parts = Vec::with_capacity(self.blocks.len() + 2);
        parts.push(Bytes::from(line));
        parts.extend(self.blocks);
        for part in &parts {
            sum.update(part);
            sha.update(part);
        }
        let end = footer(sum, count, length);
        sha.update(end);
        parts.push(Bytes::copy_from_slice(&end));
        let sha256 = hex(&sha.finalize());
        Packed {
            name: Name::new(&self.manifest, &sha256),
            manifest: self.manifest,
            sha256,
            bytes: length,
            payload: parts.into_iter().collect(),
        }
    }
}

impl Packed {
    /// The file in one piece.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.payload.content_length());
        for part in &self.payload {
            out.extend_from_slice(part);
        }
        out
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
