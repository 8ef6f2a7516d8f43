//! What single types of event say beside time and amount, as far as the state depends on it.
//!
//! | type | fields | what is kept |
//! | --- | --- | --- |
//! | purchase | `lines`, else the length of the list `items` | how many different goods; a number of units is none |
//! | purchase | `discount` | minor units |
//! | survey_response, review, peer_rating | `score` of `scale` | per cent of the scale |
//! | order_delivered | `promised_at`, `late_days` | whether it came late |
//!
//! Without `scale` a review and a peer rating have 5 stars, a survey of kind `csat` 5, `ces` 7, any other 10 points.
//! A field of another kind is left out, never a reason to reject the event.

use std::borrow::Cow;

use crate::details::{Decimal, Details, Goods, Instant};
use crate::kind::EventType;

/// What an event says beside time and amount; nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Particulars {
    /// Different goods of a purchase, 0 if it does not say; more than `u16::MAX` count as that many.
    pub lines: u16,
    /// Discount of a purchase in minor units; more than `u32::MAX` count as that many.
    pub discount: u32,
    /// An opinion's score in per cent of its scale, 0 to 100.
    pub rating: Option<u8>,
    /// Whether a delivery came after the promised instant.
    pub is_late: bool,
}

/// The fields that they are made of.
#[derive(Default)]
pub(crate) struct Said<'a> {
    pub(crate) lines: Option<f64>,
    pub(crate) items: Option<u64>,
    pub(crate) discount: Option<Decimal<'a>>,
    pub(crate) score: Option<f64>,
    pub(crate) scale: Option<f64>,
    pub(crate) kind: Option<Cow<'a, str>>,
    pub(crate) promised_at: Option<Instant>,
    pub(crate) late_days: Option<f64>,
}

impl<'a> From<Details<'a>> for Said<'a> {
    fn from(details: Details<'a>) -> Self {
        Self {
            lines: details.lines,
            items: details.items.map(|Goods { count, .. }| count),
            discount: details.discount,
            score: details.score,
            scale: details.scale,
            kind: details.kind,
            promised_at: details.promised_at,
            late_days: details.late_days,
        }
    }
}

/// Whether events of this type have any.
pub(crate) fn has_any(kind: EventType) -> bool {
    use EventType as E;
    matches!(
        kind,
        E::Purchase | E::SurveyResponse | E::Review | E::PeerRating | E::OrderDelivered
    )
}

impl Particulars {
    /// Those of an event of this type and time, with so many decimals in its currency's minor unit.
    pub(crate) fn of(kind: EventType, ts: i64, exponent: u8, said: &Said<'_>) -> Self {
        use EventType as E;
        let mut particulars = Self::default();
        match kind {
            E::Purchase => {
                let lines = said.lines.or(said.items.map(|items| items as f64));
                // A float to an integer saturates, and what is no number is 0.
                particulars.lines = lines.map_or(0, |lines| lines as u16);
                let minor = said.discount.as_ref().and_then(|d| d.minor(exponent));
                particulars.discount = minor.map_or(0, |minor| minor.min(u32::MAX.into()) as u32);
            }
            E::SurveyResponse | E::Review | E::PeerRating => {
                let scale = said.scale.unwrap_or_else(|| usual_scale(kind, said));
                particulars.rating = said.score.and_then(|score| percent(score, scale));
            }
            E::OrderDelivered => {
                particulars.is_late = said.promised_at.is_some_and(|promised| promised.0 < ts)
                    || said.late_days.is_some_and(|days| days > 0.0);
            }
            _ => {}
        }
        particulars
    }
}

fn usual_scale(kind: EventType, said: &Said<'_>) -> f64 {
    if kind != EventType::SurveyResponse {
        return 5.0;
    }
    match said.kind.as_deref() {
        Some(kind) if kind.eq_ignore_ascii_case("csat") => 5.0,
        Some(kind) if kind.eq_ignore_ascii_case("ces") => 7.0,
        _ => 10.0,
    }
}

/// None for a score that is not on its scale.
fn percent(score: f64, scale: f64) -> Option<u8> {
    (scale > 0.0 && (0.0..=scale).contains(&score)).then(|| (score / scale * 100.0).round() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: EventType, said: Said<'_>) -> Particulars {
        Particulars::of(kind, 1_000, 2, &said)
    }

    #[test]
    fn lines_come_before_items_and_saturate() {
        let lines = |lines, items| {
            let said = Said {
                lines,
                items,
                ..Said::default()
            };
            of(EventType::Purchase, said).lines
        };
        assert_eq!(lines(Some(3.0), Some(9)), 3);
        assert_eq!(lines(None, Some(9)), 9);
        assert_eq!(lines(Some(1e9), None), u16::MAX);
        assert_eq!(lines(Some(-2.0), None), 0);
        assert_eq!(lines(None, None), 0);
    }

    #[test]
    fn score_is_a_share_of_the_scale_that_is_named_or_usual() {
        let rating = |kind, score, scale, survey: Option<&'static str>| {
            let said = Said {
                score: Some(score),
                scale,
                kind: survey.map(Cow::Borrowed),
                ..Said::default()
            };
            of(kind, said).rating
        };
        use EventType as E;
        assert_eq!(rating(E::Review, 4.0, None, None), Some(80));
        assert_eq!(rating(E::SurveyResponse, 9.0, None, Some("nps")), Some(90));
        assert_eq!(rating(E::SurveyResponse, 4.0, None, Some("CSAT")), Some(80));
        assert_eq!(rating(E::SurveyResponse, 50.0, Some(100.0), None), Some(50));
        assert_eq!(rating(E::Review, 6.0, None, None), None);
        assert_eq!(rating(E::Review, -1.0, None, None), None);
        assert_eq!(rating(E::Purchase, 4.0, None, None), None);
    }

    #[test]
    fn delivery_is_late_after_the_promised_instant_or_by_days() {
        let late = |promised: Option<i64>, late_days| {
            let said = Said {
                promised_at: promised.map(Instant),
                late_days,
                ..Said::default()
            };
            of(EventType::OrderDelivered, said).is_late
        };
        assert!(late(Some(999), None) && late(None, Some(2.0)));
        assert!(!late(Some(1_000), None) && !late(None, Some(0.0)) && !late(None, None));
    }
}
