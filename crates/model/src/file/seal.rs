//! The hash of a model file: SHA-256 over its bytes with the value of `sha256` empty.

use sha2::{Digest, Sha256};

pub(super) fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The hash of a file that already carries `stated`: the one place where that text stands is left out.
///
/// Working on the bytes, not on the parsed values, lets any tool check a file:
/// `sed 's/"sha256": "[0-9a-f]*"/"sha256": ""/' MODEL | sha256sum`.
pub(super) fn hash_without(bytes: &[u8], stated: &str) -> String {
    if stated.is_empty() {
        return hash(bytes);
    }
    let at = bytes
        .windows(stated.len())
        .position(|window| window == stated.as_bytes());
    let Some(at) = at else { return hash(bytes) };
    let mut hasher = Sha256::new();
    hasher.update(&bytes[..at]);
    hasher.update(&bytes[at + stated.len()..]);
    hex(&hasher.finalize())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
