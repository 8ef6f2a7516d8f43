//! Which features a model is offered, and which of them may bend.

use holdfast_features::{FeatureId, Occasion, feature};

use crate::LabelKind;

/// Over the whole life of occasions of one kind, behind the kind's prefix.
const RHYTHM: [&str; 21] = [
    "days_ever",
    "gap_usual",
    "gap_spread",
    "silence_z",
    "silence_over_mean_gap",
    "silence_over_longest_gap",
    "gap_recent_over_mean",
    "gap_last_over_mean",
    "days_decayed_7d",
    "days_decayed_30d",
    "days_decayed_90d",
    "days_per_month_7d",
    "days_per_month_30d",
    "days_per_month_90d",
    "days_per_month_365d",
    "days_per_month_ever",
    "pace_7_30",
    "pace_30_90",
    "pace_90_365",
    "none_expected",
    "still_there",
];

/// Offered beside them, whatever the occasions are.
const OTHERS: [&str; 37] = [
    "days_since_last_event",
    "days_since_last_purchase",
    "tenure_days",
    "days_since_first_purchase",
    "order_usual",
    "order_spread",
    "order_last_over_usual",
    "spend_decayed_30d",
    "spend_decayed_90d",
    "spend_per_day_365d",
    "purchases_per_day",
    "refund_share",
    "refunds_decayed_90d",
    "other_acts_decayed_90d",
    "support_contacts_30d",
    "support_contacts_90d",
    "cart_abandons_30d",
    "page_views_30d",
    "cart_adds_30d",
    "checkouts_30d",
    "email_opens_30d",
    "sessions_30d",
    "uses_30d",
    "engagements_30d",
    "payment_failures_90d",
    "order_lines",
    "discount_share",
    "tickets_unresolved",
    "rating_days",
    "rating_shortfall",
    "message_clicks_decayed_90d",
    "late_deliveries_decayed_90d",
    "plan_changes_decayed_90d",
    "first_order_contacts",
    "first_order_refunds",
    "first_order_late",
    "first_order_shortfall",
];

/// Clocks: they only ever rise, so what a curve learned of their end is always extrapolated.
const CLOCKS: [&str; 2] = ["tenure_days", "days_since_first_purchase"];

/// How many features may have splines beside their straight columns. Which is better, later rows tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bends {
    /// Silence, rhythm and pace.
    Few,
    /// All but clocks.
    All,
}

/// What may bend of the first list where few may.
const BENT: [&str; 8] = [
    "days_ever",
    "gap_spread",
    "silence_z",
    "silence_over_mean_gap",
    "days_decayed_30d",
    "days_per_month_90d",
    "days_per_month_365d",
    "none_expected",
];

/// What counts as an occasion for a label.
#[must_use]
pub fn occasion(label: &LabelKind) -> Occasion {
    match label {
        LabelKind::Purchase => Occasion::Purchase,
        LabelKind::Any | LabelKind::Event(_) => Occasion::Activity,
    }
}

fn prefix(label: &LabelKind) -> &'static str {
    match occasion(label) {
        Occasion::Purchase => "buying",
        Occasion::Activity => "active",
    }
}

fn silence(label: &LabelKind) -> &'static str {
    match occasion(label) {
        Occasion::Purchase => "days_since_last_purchase",
        Occasion::Activity => "days_since_last_event",
    }
}

/// The features that a model of this label is offered, in the order of its columns.
#[must_use]
pub fn offered(label: &LabelKind) -> Vec<FeatureId> {
    let own = RHYTHM
        .iter()
        .filter_map(|name| feature(&format!("{}_{name}", prefix(label))));
    let share = feature(&format!("{}_weekend_share", prefix(label)));
    own.chain(share)
        .chain(OTHERS.iter().filter_map(|name| feature(name)))
        .collect()
}

/// Whether a feature of such a model may have splines beside its straight column.
#[must_use]
pub fn bends(label: &LabelKind, id: FeatureId, bends: Bends) -> bool {
    let name = id.describe().name;
    if bends == Bends::All {
        return !CLOCKS.contains(&name);
    }
    let own = name
        .strip_prefix(prefix(label))
        .and_then(|rest| rest.strip_prefix('_'));
    name == silence(label) || own.is_some_and(|own| BENT.contains(&own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_lists_is_a_feature() {
        for label in [
            LabelKind::Purchase,
            LabelKind::Any,
            LabelKind::Event("x".to_owned()),
        ] {
            let offered = offered(&label);
            assert_eq!(offered.len(), RHYTHM.len() + 1 + OTHERS.len());
            let bent = offered.iter().filter(|id| bends(&label, **id, Bends::Few));
            assert_eq!(bent.count(), BENT.len() + 1);
        }
    }
}
