//! Alerts of made-up customers with what to do about them: a dry run to train a team on.
//!
//! A business is made up from a seed and run through the pipeline that `run` uses, so the alerts are what the engine
//! sends; the rule table then says of each what is recommended. Nobody in it is real, nothing is sent.

mod facts;

use std::collections::{BTreeMap, VecDeque};

use anyhow::Context;
use holdfast_events::{Outcome, Record};
use holdfast_features::{FeatureId, feature};
use holdfast_model::Model;
use holdfast_playbook::{Choice, Playbook, Preset, Situation};
use holdfast_producer::Outputs;
use serde_json::Value;

use crate::config;
use crate::generate::{DEFAULT_START_MS, Params, Shop};
use crate::pipeline::{Partition, Settings};
use facts::Past;

/// Days of the made-up log.
const DAYS: u32 = 180;
/// Alerts of the first days are left out: nobody has a past yet.
const FIRST_DAYS: u32 = 60;
/// Customers who are made up at least, and for each alert that is asked for.
const CUSTOMERS: (u32, u32) = (400, 12);

/// An alert and what is recommended.
struct Sampled {
    as_of: i64,
    customer: String,
    rule: String,
    line: String,
}

/// `count` alerts as lines of JSON, in the order of time, each with its `recommended_action`. Every rule that was for
/// anybody is shown before one is shown twice. Equal arguments give equal bytes.
///
/// # Errors
/// Where the business that is made up does not lead to so many alerts.
pub fn alerts(
    playbook: &Playbook,
    preset: Preset,
    count: u32,
    seed: u64,
) -> anyhow::Result<Vec<String>> {
    let model = match preset {
        Preset::Ecommerce => include_str!("../../../models/shop/model.json"),
        Preset::Saas => include_str!("../../../models/saas/model.json"),
    };
    let model = Model::from_json(model.as_bytes())?;
    let settings = Settings::new(&config::Settings::defaults(), &model, false)?;
    let params = Params {
        preset,
        customers: CUSTOMERS.0.max(count.saturating_mul(CUSTOMERS.1)),
        days: DAYS,
        seed,
        start_ms: DEFAULT_START_MS,
        abandons: false,
    };
    let mut stream = Stream {
        partition: Partition::new(&settings)?,
        settings: &settings,
        playbook,
        pasts: BTreeMap::new(),
        first_ms: params.start_ms + i64::from(FIRST_DAYS) * crate::generate::DAY_MS,
        sampled: Vec::new(),
    };
    stream.run(&params)?;
    let found = stream.sampled.len();
    let mut chosen = one_of_each_first(stream.sampled, count as usize);
    if chosen.len() < count as usize {
        anyhow::bail!("the business that was made up leads to {found} alerts only, not to {count}");
    }
    chosen.sort_by(|a, b| (a.as_of, &a.customer).cmp(&(b.as_of, &b.customer)));
    Ok(chosen.into_iter().map(|sampled| sampled.line).collect())
}

/// The engine at work on a made-up log.
struct Stream<'a> {
    partition: Partition,
    settings: &'a Settings,
    playbook: &'a Playbook,
    /// What each customer did so far.
    pasts: BTreeMap<String, Past>,
    first_ms: i64,
    sampled: Vec<Sampled>,
}

impl Stream<'_> {
    fn run(&mut self, params: &Params) -> anyhow::Result<()> {
        let mut shop = Shop::new(params);
        let (mut number, mut line) = (0_u32, Vec::new());
        let mut out = Outputs::default();
        while let Some(events) = shop.next_day() {
            for event in events {
                line.clear();
                event.write_json(u64::from(number), &mut line);
                let record = Record::line(i64::from(number), &line);
                self.remember(&record);
                self.partition.record(&record, &mut out);
                number += 1;
            }
            self.take(&mut out)?;
        }
        self.partition.end_of_input(params.end_ms(), &mut out);
        self.take(&mut out)
    }

    fn remember(&mut self, record: &Record<'_>) {
        let decoder = self.settings.decoder();
        if let Outcome::Event(event) = decoder.decode(record) {
            let details = decoder.details(record).unwrap_or_default();
            let past = self.pasts.entry(event.customer_id.to_string());
            past.or_default().push(&event, &details);
        }
    }

    fn take(&mut self, out: &mut Outputs) -> anyhow::Result<()> {
        for alert in out.alerts.drain(..) {
            let value: Value = serde_json::from_slice(&alert.value).context("an alert is JSON")?;
            let as_of = value["as_of"].as_i64().unwrap_or(0);
            if as_of >= self.first_ms {
                self.sampled.push(self.recommended(value, as_of)?);
            }
        }
        out.clear();
        Ok(())
    }

    fn recommended(&self, mut alert: Value, as_of: i64) -> anyhow::Result<Sampled> {
        let customer = alert["customer_id"].as_str().unwrap_or_default().to_owned();
        let choice = self.choose(&alert, &customer, as_of);
        let rule = choice.rule.clone().unwrap_or_default();
        alert["recommended_action"] = serde_json::to_value(&choice)?;
        Ok(Sampled {
            as_of,
            customer,
            rule,
            line: alert.to_string(),
        })
    }

    fn choose(&self, alert: &Value, customer: &str, as_of: i64) -> Choice {
        let facts = self.pasts.get(customer).map(|past| past.as_of(as_of));
        let reasons = alert["reasons"].as_array().map_or(&[][..], Vec::as_slice);
        let parts = || reasons.iter().flat_map(parts);
        let raising = |value: &&Value| value["contribution"].as_f64().is_some_and(|c| c > 0.0);
        let features: Vec<(FeatureId, f64)> = parts()
            .filter_map(|part| Some((feature(part["feature"].as_str()?)?, part["value"].as_f64()?)))
            .collect();
        let themes = reasons.iter().filter(raising).map(|r| &r["theme"]);
        let named = parts().filter(raising).map(|part| &part["feature"]);
        let raising: Vec<&str> = themes.chain(named).filter_map(Value::as_str).collect();
        let theme = reasons.first().and_then(|reason| reason["theme"].as_str());
        let horizon_days = alert["horizon_days"].as_f64().unwrap_or(0.0);
        let spend = alert["spend_90d"].as_f64().filter(|spend| *spend > 0.0);
        self.playbook.choose(&Situation {
            kind: alert["kind"].as_str().unwrap_or_default(),
            as_of,
            probability: alert["churn_probability"].as_f64(),
            value: spend.map(|spend| spend * horizon_days / 90.0),
            segment: None,
            value_tier: None,
            theme: theme.filter(|theme| raising.contains(theme)),
            reasons: &raising,
            features: &features,
            facts: &facts.unwrap_or_default(),
        })
    }
}

fn parts(reason: &Value) -> impl Iterator<Item = &Value> {
    reason["parts"].as_array().into_iter().flatten()
}

/// One alert of each rule in turn, in the order in which they came.
fn one_of_each_first(sampled: Vec<Sampled>, count: usize) -> Vec<Sampled> {
    let mut by_rule: BTreeMap<String, VecDeque<Sampled>> = BTreeMap::new();
    for one in sampled {
        by_rule.entry(one.rule.clone()).or_default().push_back(one);
    }
    let mut chosen = Vec::with_capacity(count);
    while chosen.len() < count {
        let before = chosen.len();
        for of_rule in by_rule.values_mut() {
            if chosen.len() < count {
                chosen.extend(of_rule.pop_front());
            }
        }
        if chosen.len() == before {
            break; // there are no more
        }
    }
    chosen
}
