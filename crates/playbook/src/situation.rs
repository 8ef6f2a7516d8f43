//! What a rule sees of a customer at the instant of a decision.

use holdfast_features::FeatureId;

use crate::facts::Facts;

/// One customer at one instant, as rules see it. What is not known is none, and no condition on it holds.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// Why somebody asks: the kind of the alert or of the notice, one of [`KINDS`].
    pub kind: &'a str,
    /// The instant, ms UTC.
    pub as_of: i64,
    /// Probability of leaving within the horizon, 0 to 1.
    pub probability: Option<f64>,
    /// What the customer is expected to be worth over the horizon if kept, in major units.
    pub value: Option<f64>,
    /// The named segment, one of [`SEGMENTS`].
    pub segment: Option<&'a str>,
    /// One of [`VALUE_TIERS`].
    pub value_tier: Option<&'a str>,
    /// The theme that raises the risk most, one of [`THEMES`].
    pub theme: Option<&'a str>,
    /// Every theme and feature that raises the risk.
    pub reasons: &'a [&'a str],
    /// Values of at least the features that the rules name ([`crate::Playbook::features`]), in any order.
    pub features: &'a [(FeatureId, f64)],
    /// Everything else.
    pub facts: &'a Facts,
}

impl Situation<'_> {
    pub(crate) fn feature(&self, id: FeatureId) -> Option<f64> {
        let found = self.features.iter().find(|(known, _)| *known == id)?;
        Some(found.1).filter(|value| !value.is_nan())
    }
}

/// Kinds of alerts, then of notices. A rule that names none is for the first two, where somebody is at risk.
pub const KINDS: [&str; 12] = [
    "opened",
    "escalated",
    "recovered",
    "lapsed",
    "churned",
    "dormant",
    "survey_eligible",
    "reward_due",
    "late_activation",
    "cart_abandoned",
    "segment_changed",
    "signed_up",
];

/// The kinds of alerts, which come with a score; all others do not.
pub(crate) const SCORED: [&str; 5] = ["opened", "escalated", "recovered", "lapsed", "churned"];

/// The kinds of a rule that names none.
pub const AT_RISK: [&str; 2] = ["opened", "escalated"];

/// The named segments.
pub const SEGMENTS: [&str; 10] = [
    "new",
    "promising",
    "loyal",
    "champions",
    "needs_attention",
    "about_to_churn",
    "at_risk",
    "cant_lose",
    "dormant",
    "lost",
];

/// The tiers of net spend: the top fifth of the buyers, and everybody else.
pub const VALUE_TIERS: [&str; 2] = ["top", "base"];

/// What a reason can be about, as in alerts.
pub const THEMES: [&str; 12] = [
    "rhythm",
    "frequency",
    "money",
    "tenure",
    "engagement",
    "carts",
    "support",
    "payments",
    "refunds",
    "delivery",
    "feedback",
    "contract",
];

#[cfg(test)]
mod tests {
    use super::THEMES;
    use holdfast_features::Theme;

    #[test]
    fn themes_are_those_of_the_registry() {
        let named = Theme::ALL.map(|theme| {
            let value = toml::Value::try_from(theme);
            value.ok().and_then(|v| v.as_str().map(str::to_owned))
        });
        assert_eq!(named, THEMES.map(|name| Some(name.to_owned())));
    }
}
