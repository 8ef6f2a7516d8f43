//! Currency codes and their minor units, by ISO 4217.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A currency: three ASCII letters, held in upper case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// A text that is no currency code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a currency is three letters, as in EUR")]
pub struct NotACurrency;

/// Codes without minor units.
const EXPONENT_0: [&[u8; 3]; 17] = [
    b"BIF", b"CLP", b"DJF", b"GNF", b"ISK", b"JPY", b"KMF", b"KRW", b"PYG", b"RWF", b"UGX", b"UYI",
    b"VND", b"VUV", b"XAF", b"XOF", b"XPF",
];
/// Codes with thousandths.
const EXPONENT_3: [&[u8; 3]; 7] = [b"BHD", b"IQD", b"JOD", b"KWD", b"LYD", b"OMR", b"TND"];
/// Codes with ten-thousandths (units of account).
const EXPONENT_4: [&[u8; 3]; 2] = [b"CLF", b"UYW"];

impl Currency {
    /// The code, if `text` is exactly three ASCII letters of either case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::from_bytes(text.as_bytes())
    }

    pub(crate) fn from_bytes(text: &[u8]) -> Option<Self> {
        let &[a, b, c] = text else { return None };
        let code = [a, b, c];
        code.iter()
            .all(u8::is_ascii_alphabetic)
            .then(|| Self(code.map(|l| l.to_ascii_uppercase())))
    }

    /// The code in upper case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default() // always ASCII, see `parse`
    }

    /// Decimal digits between the major and the minor unit: 2 for EUR, 0 for JPY, 3 for KWD.
    /// A code ISO 4217 does not list gets 2.
    #[must_use]
    pub fn exponent(self) -> u8 {
        let listed = |codes: &[&[u8; 3]]| codes.contains(&&self.0);
        match self.0 {
            [b'E', b'U', b'R'] | [b'U', b'S', b'D'] | [b'G', b'B', b'P'] => 2,
            _ if listed(&EXPONENT_0) => 0,
            _ if listed(&EXPONENT_3) => 3,
            _ if listed(&EXPONENT_4) => 4,
            _ => 2,
        }
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Currency {
    type Err = NotACurrency;

    fn from_str(text: &str) -> Result<Self, NotACurrency> {
        Self::parse(text).ok_or(NotACurrency)
    }
}

impl TryFrom<String> for Currency {
    type Error = NotACurrency;

    fn try_from(text: String) -> Result<Self, NotACurrency> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(&str, u8)>) {
        let got = Currency::parse(text);
        assert_eq!(
            got.as_ref().map(|c| (c.as_str(), c.exponent())),
            expected,
            "{text:?}"
        );
    }

    #[test]
    fn codes_have_their_iso_exponent() {
        check("EUR", Some(("EUR", 2)));
        check("jpy", Some(("JPY", 0)));
        check("Kwd", Some(("KWD", 3)));
        check("CLF", Some(("CLF", 4)));
        check("HUF", Some(("HUF", 2)));
        check("QQQ", Some(("QQQ", 2)));
    }

    #[test]
    fn text_that_is_not_three_letters_is_refused() {
        for text in ["", "EU", "EURO", "E1R", "€", "ÄÖ", "E R", "EUR "] {
            check(text, None);
        }
    }

    #[test]
    fn serde_round_trip_keeps_the_code() {
        let code: Currency = serde_json::from_str("\"usd\"").unwrap();
        assert_eq!(serde_json::to_string(&code).unwrap(), "\"USD\"");
        assert!(serde_json::from_str::<Currency>("\"US\"").is_err());
    }
}
