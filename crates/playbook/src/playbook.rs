//! The checked table, and what it says of one customer.

use holdfast_features::FeatureId;
use jiff::tz::TimeZone;
use serde::Serialize;
use version_compare::Version;

use crate::calendar::{SpecialDay, days_until};
use crate::condition::{Condition, Subject};
use crate::economics::{Stakes, rounded};
use crate::facts::Fact;
use crate::priors::Priors;
use crate::rule::{NONE, Route, Rule};
use crate::situation::Situation;
use crate::stage::Stage;

/// A rule table that was found valid. The first rule whose conditions all hold is taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Playbook {
    rules: Vec<Rule>,
    default: Rule,
    stage: Option<Stage>,
    daily_contact_budget: Option<u64>,
    /// What a customer is worth where nobody says.
    value: Option<f64>,
    priors: Priors,
    special_days: Vec<SpecialDay>,
    newest_app: Option<String>,
    network_weight: f64,
    features: Vec<FeatureId>,
}

/// What is to be done about one customer; as JSON, the object `recommended_action` of an alert.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Choice {
    /// The rule that was for the customer, "default" where no other was; null where none is for this kind of decision.
    pub rule: Option<String>,
    /// What to do; "none" where it does not pay or nothing is to be done.
    pub action: String,
    /// What would be done if it paid; null where something is done.
    pub would_be: Option<String>,
    /// What is offered.
    pub offer: Option<String>,
    /// Who carries it out; null where nobody has to.
    pub route: Option<Route>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Until when it is worth doing, ms UTC; null for as long as the alert lasts.
    pub expires_at: Option<i64>,
    /// Of one contact, the remedy included, in major units.
    pub cost: f64,
    /// p x saved x value - cost, in major units; null where p or the value is not known.
    pub expected_profit: Option<f64>,
    /// Whether it is to be done.
    pub act: bool,
    /// Why, in plain words: what the rule saw, and whether it pays.
    pub reason: String,
    /// For whoever carries it out.
    pub text: String,
}

/// A rule that never comes to anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadow {
    /// Which one.
    pub rule: String,
    /// The earlier rule that holds wherever it does.
    pub by: String,
}

impl Playbook {
    pub(crate) fn new(
        (rules, default): (Vec<Rule>, Rule),
        (stage, daily_contact_budget): (Option<Stage>, Option<u64>),
        value: Option<f64>,
        priors: Priors,
    ) -> Self {
        let of = |condition: &Condition| match condition.subject {
            Subject::Feature(id) => Some(id),
            _ => None,
        };
        let mut features: Vec<FeatureId> = rules
            .iter()
            .flat_map(|rule| rule.when.iter().filter_map(of))
            .collect();
        features.sort_unstable();
        features.dedup();
        Self {
            rules,
            default,
            stage,
            daily_contact_budget,
            value,
            priors,
            special_days: Vec::new(),
            newest_app: None,
            network_weight: 0.0,
            features,
        }
    }

    pub(crate) fn with(
        self,
        special_days: Vec<SpecialDay>,
        newest_app: Option<String>,
        network_weight: f64,
    ) -> Self {
        Self {
            special_days,
            newest_app,
            network_weight,
            ..self
        }
    }

    /// Days from an instant (ms UTC) to the next day that the shop celebrates, on the clocks of a zone; 0 on the day
    /// itself, none where the table names no day to come.
    #[must_use]
    pub fn days_until_special_day(&self, as_of: i64, zone: &TimeZone) -> Option<f64> {
        days_until(&self.special_days, as_of, zone)
    }

    /// Whether a version of the application is older than the newest; none where the table does not say which that is,
    /// or the text is no version.
    #[must_use]
    pub fn is_old(&self, version: &str) -> Option<bool> {
        let newest = numbered(self.newest_app.as_deref()?)?;
        Some(numbered(version)? < newest)
    }

    /// By how much a customer counts who has recommended the shop to so many: 1 for each customer alone, and the table's
    /// `network_weight`, 0 unless it says so, for each recommendation.
    #[must_use]
    pub fn network(&self, referrals: u32) -> f64 {
        1.0 + self.network_weight * f64::from(referrals)
    }

    /// Whether some rule asks for this fact.
    #[must_use]
    pub fn asks(&self, fact: Fact) -> bool {
        let conditions = self.rules.iter().flat_map(|rule| &rule.when);
        conditions
            .into_iter()
            .any(|condition| condition.subject == Subject::Fact(fact))
    }

    /// Whether some rule is for this kind, one of [`KINDS`](crate::KINDS), by its name.
    #[must_use]
    pub fn names(&self, kind: &str) -> bool {
        self.rules.iter().any(|rule| rule.is_for(kind))
    }

    /// Whether a rule for this kind asks for more than kind, value and stage: for what is known of the customer.
    #[must_use]
    pub fn asks_of_customer(&self, kind: &str) -> bool {
        use Subject::{Kind, Stage, Value};
        let rules = self.rules.iter().filter(|rule| rule.is_for(kind));
        let mut conditions = rules.flat_map(|rule| &rule.when);
        conditions.any(|condition| !matches!(condition.subject, Kind | Value | Stage))
    }

    /// The rules in their order, without the default.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What is done where no rule is for the customer.
    #[must_use]
    pub fn default_rule(&self) -> &Rule {
        &self.default
    }

    /// The features that conditions look at, each once: what a [`Situation`] has to bring.
    #[must_use]
    pub fn features(&self) -> &[FeatureId] {
        &self.features
    }

    /// How far the business has come, if the table says so.
    #[must_use]
    pub fn stage(&self) -> Option<Stage> {
        self.stage
    }

    /// How many customers may be contacted a day to keep them; none where the table names no stage or no budget.
    #[must_use]
    pub fn capacity(&self) -> Option<u64> {
        Some(self.stage?.capacity(self.daily_contact_budget?))
    }

    /// What a customer is worth over the horizon where nothing else says so, major units.
    #[must_use]
    pub fn worth(&self) -> Option<f64> {
        self.value
    }

    /// The figures that guides repeat, some of them the table's own.
    #[must_use]
    pub fn priors(&self) -> &Priors {
        &self.priors
    }

    /// Rules that never come to anything, because an earlier one holds wherever they do. Only one earlier rule at a
    /// time is looked at; what several of them cover together is not found.
    #[must_use]
    pub fn shadowed(&self) -> Vec<Shadow> {
        let later = self.rules.iter().enumerate();
        later
            .filter_map(|(place, rule)| {
                let by = self.rules[..place].iter().find(|r| r.shadows(rule))?;
                Some(Shadow {
                    rule: rule.name.clone(),
                    by: by.name.clone(),
                })
            })
            .collect()
    }

    /// What to do about the customer: the first rule that holds, if it pays.
    ///
    /// A rule without a condition on `kind` holds for the kinds `opened` and `escalated` only, and so does the default.
    /// The contact pays when p x saved x value exceeds its cost. Where p or the value is not known, it is done and the
    /// reason says so.
    #[must_use]
    pub fn choose(&self, situation: &Situation<'_>) -> Choice {
        let rules = self.rules.iter().chain([&self.default]);
        let mut holding = rules.filter(|rule| rule.holds(situation, self.stage));
        let Some(rule) = holding.next() else {
            return nothing(situation);
        };
        let because = self.because(rule, situation);
        if rule.action == NONE {
            return Choice {
                rule: Some(rule.name.clone()),
                reason: because,
                ..nothing(situation)
            };
        }
        let value = situation.value.or(self.value);
        let stakes = situation
            .probability
            .zip(value)
            .map(|(probability, value)| Stakes {
                probability,
                saved: rule.saved,
                value,
                cost: rule.cost,
            });
        let pays = stakes.is_none_or(|stakes| stakes.pays());
        let reason = format!("{because}; {}", economy(stakes));
        let done = Choice {
            rule: Some(rule.name.clone()),
            action: rule.action.clone(),
            would_be: None,
            offer: rule.offer.clone(),
            route: Some(rule.route),
            owner: Some(rule.owner.clone()),
            expires_at: rule.expires_ms.map(|ms| situation.as_of.saturating_add(ms)),
            cost: rounded(rule.cost),
            expected_profit: stakes.map(|stakes| rounded(stakes.profit())),
            act: pays,
            reason,
            text: told(rule),
        };
        if pays { done } else { left(rule, done) }
    }

    /// Why the rule is for the customer.
    fn because(&self, rule: &Rule, situation: &Situation<'_>) -> String {
        let seen = rule.when.iter().filter_map(|c| c.because(situation));
        let seen: Vec<String> = seen.collect();
        match seen.is_empty() {
            false => seen.join("; "),
            true if rule.name == self.default.name => {
                "no other rule is for this customer".to_owned()
            }
            true => format!("it is for every customer of kind {}", situation.kind),
        }
    }
}

/// A version from its first digit on: `v4.2` and `Android 4.2` are 4.2.
fn numbered(text: &str) -> Option<Version<'_>> {
    Version::from(&text[text.find(|c: char| c.is_ascii_digit())?..])
}

/// No rule speaks of such a decision.
fn nothing(situation: &Situation<'_>) -> Choice {
    Choice {
        rule: None,
        action: NONE.to_owned(),
        would_be: None,
        offer: None,
        route: None,
        owner: None,
        expires_at: None,
        cost: 0.0,
        expected_profit: None,
        act: false,
        reason: format!("no rule is for a customer of kind {}", situation.kind),
        text: "Nothing to do.".to_owned(),
    }
}

/// What would be done does not pay.
fn left(rule: &Rule, done: Choice) -> Choice {
    Choice {
        action: NONE.to_owned(),
        would_be: Some(done.action),
        text: format!("Leave it: {} would cost more than it brings.", rule.said()),
        ..done
    }
}

fn economy(stakes: Option<Stakes>) -> String {
    let Some(stakes) = stakes else {
        return "what a contact would bring is not known".to_owned();
    };
    let (cost, gain) = (stakes.cost, stakes.gain());
    if stakes.pays() {
        return format!("a contact costs {cost:.2} and brings {gain:.2} on average");
    }
    let even = stakes
        .break_even_value()
        .filter(|value| *value > stakes.value);
    let from = even.map(|value| format!(", and pays above a value of {value:.2}"));
    format!(
        "a contact costs {cost:.2} and would bring {gain:.2} on average{}",
        from.unwrap_or_default()
    )
}

fn told(rule: &Rule) -> String {
    let action = rule.said();
    let mut text = action.clone();
    if let Some(first) = action.chars().next() {
        text.replace_range(..first.len_utf8(), &first.to_uppercase().to_string());
    }
    match &rule.text {
        Some(words) => text.push_str(&format!(": {words}")),
        None => text.push('.'),
    }
    if let Some(offer) = &rule.offer {
        text.push_str(&format!(" Offer: {offer}."));
    }
    text
}
