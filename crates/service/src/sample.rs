//! Alerts of made-up customers with what to do about them: a dry run to train a team on.
//!
//! A business is made up from a seed and run through the pipeline that `run` uses, so the alerts are what the engine
//! sends, to the byte. Nobody in it is real, nothing is sent.

use std::collections::{BTreeMap, VecDeque};

use anyhow::Context;
use holdfast_events::Record;
use holdfast_model::Model;
use holdfast_playbook::Preset;
use holdfast_producer::Outputs;
use serde_json::Value;

use crate::config;
use crate::generate::{DEFAULT_START_MS, Params, Shop};
use crate::pipeline::{Partition, Settings};

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
/// Where the rule table cannot be used, or the business that is made up does not lead to so many alerts.
pub fn alerts(
    playbook: config::Playbook,
    preset: Preset,
    count: u32,
    seed: u64,
) -> anyhow::Result<Vec<String>> {
    let model = match preset {
        Preset::Ecommerce => include_str!("../../../models/shop/model.json"),
        Preset::Saas => include_str!("../../../models/saas/model.json"),
    };
    let model = Model::from_json(model.as_bytes())?;
    let config = config::Settings {
        playbook,
        ..config::Settings::defaults()
    };
    let settings = Settings::new(&config, &model, false)?;
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
struct Stream {
    partition: Partition,
    first_ms: i64,
    sampled: Vec<Sampled>,
}

impl Stream {
    fn run(&mut self, params: &Params) -> anyhow::Result<()> {
        let mut shop = Shop::new(params);
        let (mut number, mut line) = (0_u32, Vec::new());
        let mut out = Outputs::default();
        while let Some(events) = shop.next_day() {
            for event in events {
                line.clear();
                event.write_json(u64::from(number), &mut line);
                let record = Record::line(i64::from(number), &line);
                self.partition.record(&record, &mut out);
                number += 1;
            }
            self.take(&mut out)?;
        }
        self.partition.end_of_input(params.end_ms(), &mut out);
        self.take(&mut out)
    }

    fn take(&mut self, out: &mut Outputs) -> anyhow::Result<()> {
        for alert in out.alerts.drain(..) {
            let value: Value = serde_json::from_slice(&alert.value).context("an alert is JSON")?;
            let as_of = value["as_of"].as_i64().unwrap_or(0);
            if as_of >= self.first_ms {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                self.sampled.push(Sampled {
                    as_of,
                    customer: text(&value["customer_id"]),
                    rule: text(&value["recommended_action"]["rule"]),
                    line: String::from_utf8(alert.value)?,
                });
            }
        }
        out.clear();
        Ok(())
    }
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
