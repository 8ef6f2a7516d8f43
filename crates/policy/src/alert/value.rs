//! The alert's JSON value.

use std::sync::Arc;

use holdfast_features::{FeatureId, Ix, Plan, Store, Theme};
use holdfast_lifecycle::Profile;
use holdfast_model::{Contribution, Counterfactual, Explanation, Label, Model};
use serde::Serialize;

use super::advice::{Adviser, Asked};
use super::standing::{Standing, Weight};
use super::{Alert, Kind, Trigger, alert_id, text};
use crate::DAY_MS;
use crate::arm::Arm;
use crate::error::Error;
use crate::settings::{Format, Settings};

mod back;
mod notice;

use back::WayBack;

/// The five features of the side-by-side workload, in the order of its value.
const SPEC_FEATURES: [&str; 5] = [
    "days_since_last_purchase",
    "purchases_30d",
    "spend_30d",
    "support_contacts_30d",
    "cart_abandons_30d",
];

/// A decision, before it has words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decision<'a> {
    pub(crate) kind: Kind,
    /// Number of the episode (plain mode: of the alert).
    pub(crate) number: u32,
    /// Highest level reached in this episode.
    pub(crate) level: usize,
    /// When the episode opened.
    pub(crate) opened_at: i64,
    pub(crate) as_of: i64,
    pub(crate) trigger: Trigger<'a>,
    /// What closed the episode as churned.
    pub(crate) churn_event: Option<&'a str>,
    /// The probability last published in this episode.
    pub(crate) previous: Option<f64>,
    /// What would close the episode now.
    pub(crate) counterfactual: Option<Counterfactual>,
    /// What comes if nothing happens.
    pub(crate) next_crossing: Option<Crossing>,
}

/// When silence alone reaches a higher band.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Crossing {
    /// ms UTC.
    pub(crate) at: i64,
    /// The band's probability.
    pub(crate) band: f64,
}

/// Makes alerts of decisions.
#[derive(Debug)]
pub(crate) struct Voice {
    settings: Arc<Settings>,
    label: Label,
    label_id: String,
    model: Model,
    adviser: Option<Adviser>,
    spec: Plan,
}

#[derive(Serialize)]
struct ModelRef<'a> {
    id: &'a str,
    sha256: &'a str,
}

#[derive(Serialize)]
struct Reason<'a> {
    theme: Theme,
    feature: &'a str,
    value: f64,
    baseline: Option<f64>,
    contribution: f64,
    text: &'a str,
    parts: Vec<Part<'a>>,
}

#[derive(Serialize)]
struct Part<'a> {
    feature: &'a str,
    value: f64,
    contribution: f64,
}

impl<'a> Reason<'a> {
    fn new(of: &'a Contribution) -> Self {
        let part = |part: &'a holdfast_model::Part| Part {
            feature: part.feature,
            value: part.value,
            contribution: part.contribution + 0.0, // no "-0.0"
        };
        Self {
            theme: of.theme,
            feature: of.feature,
            value: of.value,
            baseline: of.baseline,
            contribution: of.contribution + 0.0,
            text: &of.text,
            parts: of.parts.iter().map(part).collect(),
        }
    }
}

#[derive(Serialize)]
struct Value<'a> {
    schema_version: u32,
    alert_id: &'a str,
    episode_id: String,
    kind: Kind,
    tenant: &'a str,
    customer_id: &'a str,
    as_of: i64,
    churn_probability: f64,
    previous_probability: Option<f64>,
    band: f64,
    threshold: f64,
    horizon_days: u32,
    label: &'a str,
    expires_at: Option<i64>,
    trigger: Trigger<'a>,
    text: String,
    log_odds: f64,
    base: f64,
    reasons: Vec<Reason<'a>>,
    counterfactual: Option<WayBack>,
    next_crossing: Option<Crossing>,
    last_purchase_ms: Option<i64>,
    spend_90d: f64,
    currency: Option<&'a str>,
    arm: Arm,
    priority: Option<f64>,
    #[serde(flatten)]
    weight: Weight,
    #[serde(flatten)]
    standing: Option<Standing>,
    model: ModelRef<'a>,
}

/// A decision as `decisions` has it: about both arms, so that the effect of alerts can be told.
#[derive(Serialize)]
struct Decided<'a> {
    /// That of the alert, also where none was sent.
    alert_id: &'a str,
    episode_id: String,
    kind: Kind,
    customer_id: &'a str,
    as_of: i64,
    arm: Arm,
    alerted: bool,
    /// Why no alert was sent.
    suppressed: Option<&'static str>,
    churn_probability: f64,
    horizon_days: u32,
    trigger: Trigger<'a>,
    priority: Option<f64>,
    #[serde(flatten)]
    weight: Weight,
    #[serde(flatten)]
    standing: Option<Standing>,
    model: ModelRef<'a>,
}

/// The value of the side-by-side workload.
#[derive(Serialize)]
struct SpecValue<'a> {
    customer_id: &'a str,
    ts: i64,
    p: f64,
    recency_days: f64,
    frequency_30d: u64,
    monetary_30d: f64,
    support_30d: u64,
    abandons_30d: u64,
    event_id: Option<&'a str>,
}

fn episode_id(customer: &str, number: u32) -> String {
    format!("{customer}:{number}")
}

impl Voice {
    pub(crate) fn new(settings: Arc<Settings>, model: &Model) -> Result<Self, Error> {
        let ids = SPEC_FEATURES.map(|name| {
            holdfast_features::feature(name).ok_or_else(|| Error::UnknownFeature(name.to_owned()))
        });
        let ids: Vec<FeatureId> = ids.into_iter().collect::<Result<_, _>>()?;
        Ok(Self {
            adviser: Adviser::new(&settings),
            settings,
            label: model.label().clone(),
            label_id: model.label().id(),
            model: model.clone(),
            spec: Plan::new(&ids),
        })
    }

    /// The whole alert. `explanation` is of the same customer and instant.
    pub(crate) fn alert(
        &self,
        (store, ix): (&Store, Ix),
        decision: &Decision<'_>,
        explanation: &Explanation,
        profile: Option<&Profile>,
    ) -> Alert {
        let customer = store.id(ix);
        let arm = self.settings.control.arm(&self.settings.tenant, customer);
        let alert_id = alert_id(
            &self.settings.tenant,
            customer,
            decision.number,
            decision.kind,
            decision.as_of,
        );
        let p = explanation.probability;
        let weight = Weight::new(&self.model, (store, ix), decision.as_of, p);
        let asked = Asked {
            store,
            ix,
            kind: decision.kind.name(),
            as_of: decision.as_of,
            explanation: Some(explanation),
            if_stays: weight.if_stays,
            major: self.major(),
        };
        let network = profile.zip(self.adviser.as_ref());
        let network = network.map_or(1.0, |(profile, adviser)| adviser.network(profile));
        // Where the model says nothing of value, everybody is worth what the rule table says.
        let worth = self.adviser.as_ref().and_then(Adviser::worth);
        let at_stake = weight.at_stake().or(worth.map(|worth| p * worth));
        let priority = at_stake.map(|stake| network * stake);
        let standing = profile.map(|profile| Standing::new(profile, self.adviser.as_ref(), &asked));
        let value = match self.settings.format {
            Format::Json => {
                let value = Value {
                    arm,
                    priority,
                    weight: weight.clone(),
                    standing: standing.clone(),
                    ..self.value((store, ix), decision, explanation, &alert_id)
                };
                serde_json::to_vec(&value)
            }
            Format::Spec => serde_json::to_vec(&self.spec_value(store, ix, decision, explanation)),
        };
        let decided = Decided {
            alert_id: &alert_id,
            episode_id: episode_id(customer, decision.number),
            kind: decision.kind,
            customer_id: customer,
            as_of: decision.as_of,
            arm,
            alerted: arm == Arm::Treat,
            suppressed: (arm == Arm::Control).then_some("control"),
            churn_probability: explanation.probability,
            horizon_days: self.label.horizon_days,
            trigger: decision.trigger,
            priority,
            weight,
            standing,
            model: self.model(),
        };
        let contact = profile.map(|profile| &profile.contact);
        Alert {
            arm,
            priority,
            reach: contact.map_or((None, None), |contact| (contact.channel, contact.basis)),
            decision: serde_json::to_vec(&decided).unwrap_or_default(), // as the value
            alert_id,
            key: customer.to_owned(),
            value: value.unwrap_or_default(), // plain structs of text and numbers: this cannot fail
            kind: decision.kind,
            as_of: decision.as_of,
            probability: explanation.probability,
            by_event: matches!(decision.trigger, Trigger::Event { .. }),
        }
    }

    fn value<'a>(
        &'a self,
        (store, ix): (&'a Store, Ix),
        decision: &Decision<'a>,
        explanation: &'a Explanation,
        alert_id: &'a str,
    ) -> Value<'a> {
        let settings = &*self.settings;
        let horizon_ms = i64::from(self.label.horizon_days) * DAY_MS;
        let probability_of = |level: usize| {
            settings
                .level(level)
                .map_or(settings.open.probability, |t| t.probability)
        };
        Value {
            schema_version: 1,
            alert_id,
            episode_id: episode_id(store.id(ix), decision.number),
            kind: decision.kind,
            tenant: &settings.tenant,
            customer_id: store.id(ix),
            as_of: decision.as_of,
            churn_probability: explanation.probability,
            previous_probability: decision.previous,
            band: probability_of(decision.level),
            threshold: match decision.kind {
                Kind::Escalated => probability_of(decision.level),
                Kind::Recovered => settings.close.probability,
                Kind::Opened | Kind::Lapsed | Kind::Churned => settings.open.probability,
            },
            horizon_days: self.label.horizon_days,
            label: &self.label_id,
            expires_at: decision
                .kind
                .leaves_open()
                .then(|| decision.opened_at.saturating_add(horizon_ms)),
            trigger: decision.trigger,
            text: text::sentence(decision, &self.label, explanation),
            log_odds: explanation.log_odds,
            base: explanation.base,
            reasons: explanation.contributions.iter().map(Reason::new).collect(),
            counterfactual: decision.counterfactual.map(|found| self.way_back(&found)),
            next_crossing: decision.next_crossing,
            last_purchase_ms: store.last_purchase(ix),
            spend_90d: self.major_units(store.spend_90d_minor(ix, decision.as_of)),
            currency: settings.currency.as_ref().map(|c| c.as_str()),
            arm: Arm::Treat,
            priority: None,
            weight: Weight::default(),
            standing: None,
            model: self.model(),
        }
    }

    fn model(&self) -> ModelRef<'_> {
        ModelRef {
            id: self.model.id(),
            sha256: self.model.sha256(),
        }
    }

    /// The nearest f64 to the decimal number; its shortest form is that number again.
    fn major_units(&self, minor: i64) -> f64 {
        minor as f64 / self.major()
    }

    fn major(&self) -> f64 {
        let exponent = self.settings.currency.map_or(2, |c| c.exponent());
        [1.0, 10.0, 100.0, 1_000.0, 10_000.0][usize::from(exponent).min(4)]
    }

    fn spec_value<'a>(
        &self,
        store: &'a Store,
        ix: Ix,
        decision: &Decision<'a>,
        explanation: &Explanation,
    ) -> SpecValue<'a> {
        let mut features = [0.0; SPEC_FEATURES.len()];
        store.features(ix, decision.as_of, &self.spec, &mut features);
        let [recency_days, frequency, monetary_30d, support, abandons] = features;
        SpecValue {
            customer_id: store.id(ix),
            ts: decision.as_of,
            p: explanation.probability,
            recency_days,
            frequency_30d: frequency as u64,
            monetary_30d,
            support_30d: support as u64,
            abandons_30d: abandons as u64,
            event_id: match decision.trigger {
                Trigger::Event { event_id } => Some(event_id),
                Trigger::Silence | Trigger::Timer { .. } => None,
            },
        }
    }
}
