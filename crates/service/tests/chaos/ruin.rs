//! Harm to files: a disk without room, snapshots cut or changed, a model file replaced.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::shop::Shop;

/// Its size in KiB.
const SMALL: usize = 65_536;

/// A file system of its own for the snapshots, in memory; making it takes the right to mount.
pub(crate) struct SmallDisk {
    place: PathBuf,
}

impl SmallDisk {
    /// None without the right to mount.
    pub(crate) fn under_snapshots(shop: &Shop) -> Option<Self> {
        let place = snapshot_dir(shop);
        fs::create_dir_all(&place).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={SMALL}k"), "tmpfs"])
            .arg(&place)
            .output();
        mounted
            .is_ok_and(|m| m.status.success())
            .then_some(Self { place })
    }

    fn filler(&self) -> PathBuf {
        self.place.join("filler")
    }

    pub(crate) fn fill(&self) {
        let mut file = File::create(self.filler()).unwrap();
        // To the last byte.
        for size in [1 << 16, 1 << 12, 1] {
            let bytes = vec![7; size];
            while file.write(&bytes).is_ok() {}
        }
    }

    pub(crate) fn free(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount")
            .arg("-l")
            .arg(&self.place)
            .status()
            .ok();
    }
}

fn snapshot_dir(shop: &Shop) -> PathBuf {
    shop.dir.path().join("snapshots")
}

/// Lists the snapshots that are there, oldest first within a partition.
pub(crate) fn snapshots(shop: &Shop) -> impl Fn() -> Vec<PathBuf> + use<> {
    let dir = snapshot_dir(shop);
    move || {
        let mut found = Vec::new();
        collect(&dir, &mut found);
        found.sort();
        found
    }
}

fn collect(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|e| e == "hfs") {
            found.push(path);
        }
    }
}

/// Cuts the newest snapshot of each partition anywhere, or changes a byte of it; how many there were.
pub(crate) fn tear_newest(shop: &Shop, rng: &mut ChaCha8Rng) -> usize {
    let newest: BTreeMap<PathBuf, PathBuf> = snapshots(shop)()
        .into_iter()
        .map(|path| (path.parent().unwrap().to_owned(), path))
        .collect();
    for path in newest.values() {
        let mut bytes = fs::read(path).unwrap();
        let at = rng.gen_range(0..bytes.len());
        if rng.gen_bool(0.5) {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1 << rng.gen_range(0..8);
        }
        fs::write(path, bytes).unwrap();
    }
    newest.len()
}
