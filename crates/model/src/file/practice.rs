//! What a model brings along for retention practice: segments, value, and where a probability stands.

use super::Model;
use crate::buyer::Buyer;
use crate::value::{AtStake, at_stake};
use crate::{Alike, Error, SegmentCuts, UsualHour, Value, standing};

/// The parts, each none where the log does not carry it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Practice {
    /// Where the fifths of recency, frequency and money end.
    pub segments: Option<SegmentCuts>,
    /// What customers spend, and how often.
    pub value: Option<Value>,
    /// Quantiles of the members' probabilities ([`standing::percentiles`]); empty where there are none.
    pub percentiles: Vec<f64>,
    /// What became of rows scored alike ([`standing::intervals`]); empty where there are too few.
    pub intervals: Vec<Alike>,
    /// The hour of the week in which customers act most.
    pub usual_hour: Option<UsualHour>,
}

impl Model {
    /// The same model with these parts, sealed again.
    ///
    /// # Errors
    /// [`Error::Faults`] as for a file.
    pub fn with_practice(mut self, practice: Practice) -> Result<Self, Error> {
        let filled = |list: &Vec<f64>| !list.is_empty();
        self.segments = practice.segments;
        self.value = practice.value;
        self.percentiles = Some(practice.percentiles).filter(filled);
        self.intervals = Some(practice.intervals).filter(|bins| !bins.is_empty());
        self.usual_hour = practice.usual_hour;
        self.reseal()?;
        Ok(self)
    }

    /// The hour of the week in which customers act most; none in a file that does not say.
    #[must_use]
    pub fn usual_hour(&self) -> Option<UsualHour> {
        self.usual_hour
    }

    /// Where the fifths of recency, frequency and money end; none in a file that does not say.
    #[must_use]
    pub fn segments(&self) -> Option<&SegmentCuts> {
        self.segments.as_ref()
    }

    /// What customers spend and how often; none in a file that does not say, as of a log without amounts or with
    /// fewer than thirty customers who came twice.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        self.value.as_ref()
    }

    /// Percent (0 to 100) of the members at the last training cutoff who were at lower risk than a probability,
    /// linear between the file's quantiles: "riskier than 97 % of the customers". None in a file that does not say.
    #[must_use]
    pub fn percentile(&self, p: f64) -> Option<f64> {
        standing::percentile(self.percentiles.as_ref()?, p)
    }

    /// 95 % interval of the share that leaves among customers scored like `p`, drawn out to hold `p` itself. None in
    /// a file that does not say.
    #[must_use]
    pub fn interval(&self, p: f64) -> Option<(f64, f64)> {
        standing::interval(self.intervals.as_ref()?, p)
    }

    /// The bins behind [`Self::interval`]; nothing in a file that does not say.
    #[must_use]
    pub fn intervals(&self) -> &[Alike] {
        self.intervals.as_deref().unwrap_or_default()
    }

    /// The quantiles behind [`Self::percentile`]; nothing in a file that does not say.
    #[must_use]
    pub fn percentiles(&self) -> &[f64] {
        self.percentiles.as_deref().unwrap_or_default()
    }

    /// What is lost on average with a customer who leaves with probability `p`: p times the net spend over the
    /// label's horizon of one who stays, in major units, with the range that the interval of p gives. None in a file
    /// without [`Self::value`].
    #[must_use]
    pub fn at_stake(&self, p: f64, buyer: &Buyer) -> Option<AtStake> {
        let horizon_days = f64::from(self.label.horizon_days);
        let worth = self.value()?.worth(buyer, horizon_days);
        Some(at_stake(p, self.interval(p), worth.if_stays))
    }

    pub(super) fn check_practice(&self, faults: &mut Vec<String>) {
        if let Some(segments) = &self.segments {
            segments.faults(faults);
        }
        if let Some(usual) = self.usual_hour {
            usual.faults(faults);
        }
        if let Some(value) = &self.value {
            value.faults(faults);
        }
        if let Some(percentiles) = &self.percentiles {
            standing::faults_of_percentiles(percentiles, faults);
        }
        if let Some(intervals) = &self.intervals {
            standing::faults_of_intervals(intervals, faults);
        }
    }
}
