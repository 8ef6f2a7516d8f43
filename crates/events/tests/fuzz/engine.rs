//! A small fuzzer on stable Rust: seeds from a corpus, changed in ways that parsers stumble over.
//!
//! `cargo test` does a fixed number of cases from a fixed seed, so that it always does the same. For hours:
//!
//! ```sh
//! HOLDFAST_FUZZ_SECONDS=3600 HOLDFAST_FUZZ_SEED=$RANDOM cargo test --release -p holdfast-events --test fuzz
//! HOLDFAST_FUZZ_SECONDS=3600 HOLDFAST_FUZZ_SEED=$RANDOM cargo test --release -p holdfast-service --test fuzz
//! ```
//!
//! An input that fails is written to the directory of temporary files, and belongs into the corpus with its mend. A case
//! is a function of seed and number alone.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "shared by tests, which fail by panicking"
)]

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

/// No input grows beyond this.
const LONGEST: usize = 2 << 20;

/// Splitmix64.
pub struct Draw(u64);

impl Draw {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

/// What cases are made of.
pub struct Fuzz {
    /// Whole inputs.
    pub seeds: Vec<Vec<u8>>,
    /// Pieces that mean something to the reader.
    pub words: Vec<Vec<u8>>,
}

/// Every file of a directory, by name.
pub fn corpus(dir: &Path) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    paths.sort();
    let files: Vec<_> = paths.iter().map(|p| fs::read(p).unwrap()).collect();
    assert!(!files.is_empty(), "{} is empty", dir.display());
    files
}

impl Fuzz {
    /// Gives every seed as it is, then changed ones, to `target`: `cases` of them, or for as long as
    /// `HOLDFAST_FUZZ_SECONDS` says. A panic counts as a failure.
    pub fn run(
        &self,
        name: &str,
        cases: u64,
        target: impl Fn(&[u8], &mut Draw) -> Result<(), String>,
    ) {
        let number = |variable: &str| std::env::var(variable).ok()?.parse::<u64>().ok();
        let seed = number("HOLDFAST_FUZZ_SEED").unwrap_or(1);
        let until =
            number("HOLDFAST_FUZZ_SECONDS").map(|s| Instant::now() + Duration::from_secs(s));
        let mut case = 0_u64;
        loop {
            let mut draw = Draw::new(seed ^ case.wrapping_mul(0xd134_2543_de82_ef95));
            let input = match self.seeds.get(case as usize) {
                Some(seed) => seed.clone(),
                None => self.changed(&mut draw),
            };
            let outcome = catch_unwind(AssertUnwindSafe(|| target(&input, &mut draw)));
            let fault = match outcome {
                Ok(Ok(())) => None,
                Ok(Err(fault)) => Some(fault),
                Err(_) => Some("it panicked".to_owned()),
            };
            if let Some(fault) = fault {
                let mut hash = DefaultHasher::new();
                input.hash(&mut hash);
                let path = std::env::temp_dir().join(format!("{name}-{:016x}", hash.finish()));
                fs::write(&path, &input).unwrap();
                panic!(
                    "{fault:.400}\ncase {case} of seed {seed}, written to {}",
                    path.display()
                );
            }
            case += 1;
            let enough = case >= cases.max(self.seeds.len() as u64);
            if until.map_or(enough, |until| Instant::now() >= until) {
                break;
            }
        }
        eprintln!("{name}: {case} cases from seed {seed}");
    }

    fn changed(&self, draw: &mut Draw) -> Vec<u8> {
        let mut bytes = self.seeds[draw.below(self.seeds.len())].clone();
        for _ in 0..=draw.below(5) {
            self.change(&mut bytes, draw);
            bytes.truncate(LONGEST);
        }
        bytes
    }

    fn change(&self, bytes: &mut Vec<u8>, draw: &mut Draw) {
        const ODD: [u8; 12] = [
            0, 1, 0x0a, 0x20, 0x22, 0x2d, 0x5c, 0x7f, 0x80, 0xc0, 0xed, 0xff,
        ];
        let at = draw.below(bytes.len() + 1);
        let to = at + draw.below((bytes.len() - at).min(64) + 1);
        let inside = at.min(bytes.len().saturating_sub(1));
        match draw.below(11) {
            _ if bytes.is_empty() => bytes.push(draw.next() as u8),
            0 => bytes[inside] ^= 1 << draw.below(8),
            1 => bytes[inside] = draw.next() as u8,
            2 => bytes[inside] = ODD[draw.below(ODD.len())],
            3 => drop(bytes.drain(at..to)),
            4 => bytes.truncate(at),
            5 => {
                let piece = bytes[at..to].to_vec();
                // Now and then very often, for depth and length.
                let times = if draw.below(50) == 0 {
                    20_000
                } else {
                    1 + draw.below(3)
                };
                bytes.splice(at..at, piece.repeat(times));
            }
            6 => {
                let other = &self.seeds[draw.below(self.seeds.len())];
                let from = draw.below(other.len() + 1);
                bytes.splice(at..to, other[from..].iter().copied());
            }
            7 if bytes.len() >= 8 => {
                let at = draw.below(bytes.len() - 7);
                let number = [0, 1, u64::MAX, 1 << 31, 1 << 32, i64::MAX as u64][draw.below(6)];
                let width = [1, 2, 4, 8][draw.below(4)];
                bytes[at..at + width].copy_from_slice(&number.to_le_bytes()[..width]);
            }
            8 => {
                let last = bytes.len() - 1;
                bytes.swap(inside, to.min(last));
            }
            _ if self.words.is_empty() => bytes.reverse(),
            _ => {
                let word = &self.words[draw.below(self.words.len())];
                bytes.splice(at..to, word.iter().copied());
            }
        }
    }
}
