//! Figures that guides and studies repeat: named, with source and range, never taken for the truth about a shop.
//!
//! Nothing computes with them but a value calculator that says so, and nobody should go beyond their range: that five
//! more points of retention bring 25 to 95 % more profit does not say what ten bring.

use serde::Serialize;

use crate::error::Error;

/// A figure that is often quoted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prior {
    /// By which it is overridden.
    pub name: &'static str,
    /// The low end.
    pub low: f64,
    /// The high end; the low one where a single figure is quoted.
    pub high: f64,
    /// `times`, `percent` (of a whole) or `percent_more` (than without).
    pub unit: &'static str,
    /// What it is said of.
    pub says: &'static str,
    /// Who says so.
    pub source: &'static str,
    /// Whether range and source are the caller's own.
    pub overridden: bool,
}

type Row = (
    &'static str,
    f64,
    f64,
    &'static str,
    &'static str,
    &'static str,
);

const GUIDE: &str = "retention guides, without a study named";

const TABLE: [Row; 11] = [
    (
        "acquisition_cost",
        5.0,
        25.0,
        "times",
        "winning a customer costs so many times keeping one",
        "Harvard Business Review (Gallo 2014), which quotes others",
    ),
    (
        "acquisition_cost_service",
        6.0,
        7.0,
        "times",
        "the same, as quoted for service industries",
        "Bain & Company, as quoted by retention guides",
    ),
    (
        "acquisition_cost_plain",
        5.0,
        5.0,
        "times",
        "the same, as a rule of thumb",
        GUIDE,
    ),
    (
        "profit_of_five_points",
        25.0,
        95.0,
        "percent_more",
        "profit after five points more retention; never for more or fewer points",
        "Reichheld and Sasser 1990, Bain & Company",
    ),
    (
        "sale_to_existing",
        60.0,
        70.0,
        "percent",
        "chance of a sale to an existing customer, absolute",
        "Farris et al., Marketing Metrics",
    ),
    (
        "existing_conversion",
        40.0,
        40.0,
        "percent_more",
        "existing customers convert more often than new ones, relative",
        GUIDE,
    ),
    (
        "existing_spend",
        31.0,
        31.0,
        "percent_more",
        "existing customers spend more than new ones, relative",
        GUIDE,
    ),
    (
        "existing_new_product",
        50.0,
        50.0,
        "percent_more",
        "existing customers try a new product more often, relative",
        GUIDE,
    ),
    (
        "word_of_mouth",
        20.0,
        50.0,
        "percent",
        "purchases that a recommendation decides",
        "McKinsey Quarterly (Bughin, Doogan, Vetvik 2010)",
    ),
    (
        "anecdote_share",
        59.0,
        59.0,
        "percent",
        "a share of customers that one guide tells of, as an anecdote",
        GUIDE,
    ),
    (
        "anecdote_rise",
        3.0,
        27.0,
        "percent",
        "from where to where one shop's rate rose, as an anecdote",
        GUIDE,
    ),
];

/// The priors that ship.
#[must_use]
pub fn shipped() -> Vec<Prior> {
    let rows = TABLE.iter();
    rows.map(|&(name, low, high, unit, says, source)| Prior {
        name,
        low,
        high,
        unit,
        says,
        source,
        overridden: false,
    })
    .collect()
}

/// The priors that ship, with some ranges replaced: pairs of a name and a range.
///
/// # Errors
/// [`Error::Prior`] for a name that there is not, and for a range that is none.
pub fn overridden<'a>(
    own: impl IntoIterator<Item = (&'a str, (f64, f64))>,
) -> Result<Vec<Prior>, Error> {
    let mut priors = shipped();
    for (name, (low, high)) in own {
        let Some(prior) = priors.iter_mut().find(|prior| prior.name == name) else {
            let names: Vec<&str> = TABLE.iter().map(|row| row.0).collect();
            return Err(Error::Prior(format!(
                "there is no prior `{name}`; there are {}",
                names.join(", ")
            )));
        };
        if !(low.is_finite() && high.is_finite() && 0.0 <= low && low <= high) {
            return Err(Error::Prior(format!(
                "the prior {name} wants a range of two numbers from 0 on, the low one first, not {low} to {high}"
            )));
        }
        (prior.low, prior.high) = (low, high);
        prior.source = "your own";
        prior.overridden = true;
    }
    Ok(priors)
}

/// Years of profit that a rise of retention by five points adds, at the low and the high end of its prior; none for
/// any other rise, because the prior does not speak of it.
#[must_use]
pub fn profit_of_rise(prior: &Prior, profit: f64, points: f64) -> Option<(f64, f64)> {
    let speaks = prior.name == "profit_of_five_points" && points == 5.0;
    speaks.then(|| (profit * prior.low / 100.0, profit * prior.high / 100.0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn every_prior_can_be_overridden_and_says_so() {
        for prior in shipped() {
            let own = overridden([(prior.name, (1.0, 2.0))]).unwrap();
            let now = own.iter().find(|p| p.name == prior.name).unwrap();
            assert_eq!((now.low, now.high, now.overridden), (1.0, 2.0, true));
            assert_eq!(own.iter().filter(|p| p.overridden).count(), 1);
        }
    }

    #[test]
    fn unknown_name_and_reversed_range_are_refused() {
        let unknown = overridden([("luck", (1.0, 2.0))]).unwrap_err();
        assert!(unknown.to_string().contains("acquisition_cost"));
        assert!(overridden([("word_of_mouth", (2.0, 1.0))]).is_err());
        assert!(overridden([("word_of_mouth", (f64::NAN, 1.0))]).is_err());
    }

    #[test]
    fn profit_is_told_for_five_points_only() {
        let priors = shipped();
        let of = |name| priors.iter().find(|p| p.name == name).unwrap();
        let five = of("profit_of_five_points");
        assert_eq!(profit_of_rise(five, 1_000.0, 5.0), Some((250.0, 950.0)));
        assert_eq!(profit_of_rise(five, 1_000.0, 10.0), None);
        assert_eq!(profit_of_rise(of("word_of_mouth"), 1_000.0, 5.0), None);
    }
}
