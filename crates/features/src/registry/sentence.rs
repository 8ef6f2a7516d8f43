//! Sentences for people: the value in words, with the right number, unit and rounding.

/// How the value of one feature is told. In each text `{value}` stands for the number.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sentence {
    /// A number, rounded to `decimals`.
    Number {
        /// For zero.
        none: &'static str,
        /// For what is shown as 1.
        one: &'static str,
        many: &'static str,
        decimals: u8,
    },
    /// A length of time in days, told in hours below two days. The text's number brings its unit.
    Span {
        /// For less than an hour.
        recent: &'static str,
        some: &'static str,
    },
    /// An amount in major units.
    Money {
        none: &'static str,
        some: &'static str,
    },
    /// A part of one, told in percent. The text's number brings its unit.
    Share {
        none: &'static str,
        some: &'static str,
        all: &'static str,
    },
    /// A distance in standard deviations; `{side}` is longer or shorter. The text's number brings its unit.
    Deviations {
        none: &'static str,
        some: &'static str,
    },
}

impl Sentence {
    /// The sentence with this value.
    pub(crate) fn with(&self, value: f64) -> String {
        match *self {
            Self::Number {
                none,
                one,
                many,
                decimals,
            } => {
                // What is counted in whole numbers has nothing between none and one.
                let none_left = decimals == 0 && rounded(value, 0) == "0";
                if value == 0.0 || none_left {
                    return none.to_owned();
                }
                match at_least_a_digit(value, decimals).as_str() {
                    "1" => one.to_owned(),
                    shown => many.replace("{value}", shown),
                }
            }
            Self::Span { recent, .. } if value * 24.0 < 1.0 => recent.to_owned(),
            Self::Span { some, .. } => some.replace("{value}", &span(value)),
            Self::Money { none, .. } if value == 0.0 => none.to_owned(),
            Self::Money { some, .. } => {
                // Cents say nothing about a large sum.
                let decimals = if value < 100.0 { 2 } else { 0 };
                let shown = format!("{:.decimals$}", value.max(0.01));
                let shown = shown.strip_suffix(".00").unwrap_or(&shown);
                some.replace("{value}", shown)
            }
            Self::Share { none, some, all } => match value {
                v if v <= 0.0 => none.to_owned(),
                v if v >= 1.0 => all.to_owned(),
                v if v < 0.01 => some.replace("{value}", "under 1 %"),
                v if v > 0.99 => some.replace("{value}", "over 99 %"),
                v => some.replace("{value}", &format!("{:.0} %", v * 100.0)),
            },
            Self::Deviations { none, some } => {
                let shown = match rounded(value.abs(), 1).as_str() {
                    "0" => return none.to_owned(),
                    "1" => "1 standard deviation".to_owned(),
                    many => format!("{many} standard deviations"),
                };
                let side = if value > 0.0 { "longer" } else { "shorter" };
                some.replace("{value}", &shown).replace("{side}", side)
            }
        }
    }

    /// Every text of it.
    #[cfg(test)]
    pub(super) fn texts(&self) -> Vec<&'static str> {
        match *self {
            Self::Number {
                none, one, many, ..
            } => vec![none, one, many],
            Self::Span { recent, some } => vec![recent, some],
            Self::Money { none, some } | Self::Deviations { none, some } => vec![none, some],
            Self::Share { none, some, all } => vec![none, some, all],
        }
    }
}

/// Rounded, without zeros at its end.
fn rounded(value: f64, decimals: u8) -> String {
    let text = format!("{value:.*}", usize::from(decimals));
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    // -0.04 rounds to "-0", which is no number for people.
    if text == "-0" { "0" } else { text }.to_owned()
}

/// Rounded, but what is not zero is not told as zero.
fn at_least_a_digit(value: f64, decimals: u8) -> String {
    match rounded(value, decimals) {
        zero if zero == "0" && value != 0.0 => {
            format!("under {}", 10f64.powi(-i32::from(decimals)))
        }
        shown => shown,
    }
}

/// A length of time with its unit, from an hour up.
fn span(days: f64) -> String {
    if days >= 2.0 {
        return format!("{} days", rounded(days, 1));
    }
    match rounded(days * 24.0, 0).as_str() {
        "1" => "1 hour".to_owned(),
        hours => format!("{hours} hours"),
    }
}
