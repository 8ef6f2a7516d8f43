//! An alert as the demo reads it, from the very bytes a subscriber gets.

use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Alert {
    pub(super) kind: String,
    pub(super) customer_id: String,
    pub(super) as_of: i64,
    pub(super) churn_probability: f64,
    pub(super) trigger: Trigger,
    pub(super) reasons: Vec<Reason>,
    pub(super) last_purchase_ms: Option<i64>,
    pub(super) spend_90d: f64,
    pub(super) currency: Option<String>,
    pub(super) expires_at: Option<i64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Trigger {
    Event { event_id: String },
    Silence,
    Timer { name: String },
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Reason {
    pub(super) contribution: f64,
    pub(super) text: String,
}

impl Alert {
    /// `None` for what is no alert of ours: the demo shows and never fails on one.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        serde_json::from_slice(value).ok()
    }

    pub(super) fn is_opening(&self) -> bool {
        self.kind == "opened"
    }

    pub(super) fn is_silent(&self) -> bool {
        matches!(self.trigger, Trigger::Silence)
    }

    /// What speaks most for leaving, the strongest first.
    pub(super) fn strongest(&self, most: usize) -> Vec<&str> {
        let mut against: Vec<&Reason> = self
            .reasons
            .iter()
            .filter(|reason| reason.contribution > 0.0)
            .collect();
        against.sort_by(|a, b| b.contribution.total_cmp(&a.contribution));
        against
            .iter()
            .take(most)
            .map(|reason| reason.text.as_str())
            .collect()
    }
}
