//! An instant in six bytes.

use serde::{Deserialize, Serialize};

/// Milliseconds UTC since 1970, or none. Rows hold it in six bytes, without alignment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Serialize, Deserialize)]
pub struct Stamp([u8; 6]);

impl Stamp {
    /// This instant, held between 1 ms and 2^48 - 1 ms: event times are.
    #[must_use]
    pub fn at(ms: i64) -> Self {
        let mut bytes = [0; 6];
        bytes.copy_from_slice(&ms.clamp(1, (1 << 48) - 1).to_le_bytes()[..6]);
        Self(bytes)
    }

    /// The instant in ms UTC.
    #[must_use]
    pub fn ms(self) -> Option<i64> {
        let mut bytes = [0; 8];
        bytes[..6].copy_from_slice(&self.0);
        Some(i64::from_le_bytes(bytes)).filter(|ms| *ms > 0)
    }

    /// The later of this instant and `ms`.
    #[must_use]
    pub fn or_later(self, ms: i64) -> Self {
        Self::at(self.ms().unwrap_or(0).max(ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_comes_back_and_none_stays_none() {
        for ms in [1, 1_767_225_600_123, (1 << 48) - 1] {
            assert_eq!(Stamp::at(ms).ms(), Some(ms));
            assert_eq!(
                Stamp::default().or_later(ms).or_later(ms - 1).ms(),
                Some(ms)
            );
        }
        assert_eq!(Stamp::default().ms(), None);
        assert_eq!(Stamp::at(i64::MAX).ms(), Some((1 << 48) - 1));
    }
}
