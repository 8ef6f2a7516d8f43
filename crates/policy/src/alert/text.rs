//! The alert's one sentence for people.

use holdfast_model::{Contribution, Explanation, Label, LabelKind};

use super::value::Decision;
use super::{Kind, Trigger};

/// Reasons named in the sentence; the alert carries all of them.
const NAMED: usize = 3;

/// What the decision means, with the strongest reasons that speak for it.
pub(crate) fn sentence(
    decision: &Decision<'_>,
    label: &Label,
    explanation: &Explanation,
) -> String {
    let days = label.horizon_days;
    let chance = format!(
        "{} chance of {} in the next {days} days",
        percent(explanation.probability),
        wanted(label)
    );
    match decision.kind {
        Kind::Opened => format!("At risk: {chance}{}.", because(explanation, true)),
        Kind::Escalated => format!(
            "The risk has grown: {chance}{}.",
            because(explanation, true)
        ),
        Kind::Recovered if is_over(decision, label) => {
            format!(
                "Recovered: {days} days have passed since the alert without {}.",
                feared(label)
            )
        }
        Kind::Recovered => format!("Recovered: only {chance}{}.", because(explanation, false)),
        Kind::Lapsed => format!("Lapsed: {} for another {days} days.", wanted(label)),
        Kind::Churned => format!(
            "Gone: {}.",
            decision.churn_event.unwrap_or("the customer has left")
        ),
    }
}

/// Whether a named event did not come within the horizon: then silence closes the episode whatever the score.
fn is_over(decision: &Decision<'_>, label: &Label) -> bool {
    let horizon_ms = i64::from(label.horizon_days) * crate::DAY_MS;
    matches!(label.kind, LabelKind::Event(_))
        && decision.trigger == Trigger::Silence
        && decision.as_of >= decision.opened_at.saturating_add(horizon_ms)
}

/// What the probability is of.
fn wanted(label: &Label) -> String {
    match &label.kind {
        LabelKind::Purchase => "no purchase".to_owned(),
        LabelKind::Any => "no activity".to_owned(),
        LabelKind::Event(name) => format!("`{name}`"),
    }
}

fn feared(label: &Label) -> String {
    match &label.kind {
        LabelKind::Event(name) => format!("`{name}`"),
        LabelKind::Purchase | LabelKind::Any => "anything lost".to_owned(),
    }
}

/// Whole percent, never rounded to certainty.
fn percent(probability: f64) -> String {
    match probability * 100.0 {
        p if p > 99.0 => "over 99 %".to_owned(),
        p if p < 1.0 => "under 1 %".to_owned(),
        p => format!("{p:.0} %"),
    }
}

/// The strongest reasons that raise (or lower) the score, strongest first.
fn because(explanation: &Explanation, raising: bool) -> String {
    let speaks = |c: &&Contribution| match raising {
        true => c.contribution > 0.0,
        false => c.contribution < 0.0,
    };
    let named = explanation.contributions.iter().filter(speaks).take(NAMED);
    let texts: Vec<&str> = named.map(|c| c.text.trim_end_matches('.')).collect();
    if texts.is_empty() {
        String::new()
    } else {
        format!(" ({})", texts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_features::Theme;

    fn explanation(parts: &[(&'static str, f64)]) -> Explanation {
        let one = |(feature, contribution): &(&'static str, f64)| Contribution {
            theme: Theme::Rhythm,
            feature,
            value: 1.0,
            baseline: None,
            contribution: *contribution,
            text: format!("{feature} is 1."),
            parts: Vec::new(),
        };
        let contributions = parts.iter().map(one).collect();
        Explanation {
            log_odds: 0.0,
            base: 0.0,
            probability: 0.5,
            contributions,
        }
    }

    #[test]
    fn the_strongest_reasons_of_the_right_sign_are_named() {
        let parts = [("a", 4.0), ("b", -2.5), ("c", 2.0), ("d", 1.0), ("e", 0.5)];
        assert_eq!(
            because(&explanation(&parts), true),
            " (a is 1; c is 1; d is 1)"
        );
        assert_eq!(because(&explanation(&parts), false), " (b is 1)");
        assert_eq!(because(&explanation(&[("a", 0.0)]), true), "");
    }

    #[test]
    fn certainty_is_never_claimed() {
        let shown: Vec<String> = [0.999_9, 0.991, 0.5, 0.000_1].map(percent).into();
        assert_eq!(shown, ["over 99 %", "over 99 %", "50 %", "under 1 %"]);
    }
}
