//! The configuration: TOML file < environment < flags, checked once into [`Settings`].
//!
//! Nothing starts from raw text: every value is read, converted and judged here, all faults are collected before
//! anything is reported, and only a [`Settings`] (all fields valid) starts a pipeline, a runner or a server.

mod check;
mod duration;
mod fault;
mod kafka;
mod keys;
mod layers;
mod lifecycle;
mod properties;
mod reader;
mod run;
mod show;
mod snapshot;
#[cfg(test)]
mod tests;
mod thresholds;
mod topics;
mod tree;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use holdfast_producer::Stream;
use holdfast_store::Location;
use sha2::{Digest, Sha256};

pub(crate) use check::instant_ms;
pub use duration::{format_duration, parse_duration};
pub use fault::{Fault, Faults};
pub use layers::Layers;
pub use thresholds::Unset;
pub use tree::Origin;

/// Everything the service may be told, checked. Durations are milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub app: App,
    pub source: SourceKind,
    pub kafka: Kafka,
    pub topics: Topics,
    /// The model file; the only setting without a default, and only some commands need it.
    pub model_path: Option<PathBuf>,
    /// The model file that is watched beside it, and decides nothing.
    pub challenger_path: Option<PathBuf>,
    pub policy: Policy,
    /// Thresholds of it that are defaults: a model's own win over them.
    pub unset: Unset,
    pub silence: Silence,
    pub events: Events,
    pub erasure: Erasure,
    pub log: Log,
    pub features: Features,
    pub lifecycle: Lifecycle,
    pub playbook: Playbook,
    /// Catalogue of what is sold.
    pub products: Option<PathBuf>,
    pub alerts: Alerts,
    pub money: Money,
    pub http: Http,
    pub snapshot: Snapshot,
    pub run: Run,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    pub id: String,
    /// Part of every alert's identity, so that two tenants never share an `alert_id`.
    pub tenant: String,
    /// IANA name of the zone whose days reports use.
    pub time_zone: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    Kafka,
    Log,
}

#[derive(Clone, PartialEq, Eq)]
pub struct Kafka {
    pub bootstrap_servers: String,
    pub group_id: String,
    /// `group.instance.id` and, with the app id, the transactional id: stable over restarts.
    pub instance_id: String,
    /// Brokers on other machines may be reached without encryption.
    pub allow_plaintext: bool,
    /// Raw librdkafka settings; those the guarantees rest on were refused.
    pub properties: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topics {
    pub input: String,
    pub alerts: String,
    pub dead_letters: String,
    /// Those of streams that are sent; the others are `off`.
    pub streams: BTreeMap<Stream, String>,
    /// Internal: what a restart cannot learn from the input; partitioned as the input.
    pub journal: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    pub mode: PolicyMode,
    /// An episode opens at a probability of at least this.
    pub open: f64,
    /// An open episode recovers at a probability of at most this.
    pub close: f64,
    /// Ascending; each at least `open`.
    pub bands: Vec<f64>,
    pub dwell_ms: i64,
    pub cooldown_ms: i64,
    /// Event types that close an episode as churned at once.
    pub hard_churn: Vec<String>,
    /// Share of customers who are decided on and not alerted.
    pub control_share: f64,
    /// Draws another such group when it changes.
    pub control_salt: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyMode {
    /// Opened, escalated, closed; with hysteresis.
    Episodes,
    /// A threshold and a cool-down, nothing else.
    Plain,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    pub enabled: bool,
    pub clock: Clock,
    pub grace_ms: i64,
    pub idle_after_ms: i64,
}

/// What moves time on an idle partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    Wall,
    Event,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Events {
    pub dedupe: bool,
    /// Unknown event types are rejected instead of counted as activity.
    pub strict: bool,
    /// How far an event may be dated after its own record's timestamp.
    pub max_future_ms: i64,
    /// `[events.mapping]` as it was written, for the events crate.
    pub mapping: Option<toml::Table>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Events of an erased customer dated before the erasure plus this are left out.
    pub block_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// A directory of partitioned segments, one file, or `-` for stdin.
    pub input: PathBuf,
    /// A directory, or `-` for stdout.
    pub output: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Features {
    /// `None` when the configuration says nothing: then the model file's rule holds, and training derives
    /// (see [`CartAbandon::default`]).
    pub cart_abandon: Option<CartAbandon>,
    /// Customers that one partition may hold; events of further ones are dropped. `None`: as many as come.
    pub max_customers: Option<u32>,
}

/// Where `cart_abandon` events come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CartAbandon {
    /// They are in the input.
    Given,
    /// A timer makes one when an open cart was not touched for this long; given ones are dropped.
    Derived { after_ms: i64 },
}

impl Default for CartAbandon {
    fn default() -> Self {
        Self::Derived {
            after_ms: 3_600_000,
        }
    }
}

/// What is told of customers beside alerts.
#[derive(Debug, Clone, PartialEq)]
pub struct Lifecycle {
    pub enabled: bool,
    /// What is the same without a model: cut points, horizon and currency come from there.
    pub settings: holdfast_lifecycle::Settings,
    /// Cut points that win over the model's.
    pub cuts: OwnCuts,
    /// None where no figures are kept.
    pub kpis: Option<Kpis>,
}

/// Cut points of segments as far as the configuration names them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct OwnCuts {
    pub recency_days: Option<[f64; 4]>,
    pub frequency: Option<[f64; 4]>,
    pub monetary: Option<[f64; 4]>,
    pub top_spend: Option<f64>,
}

impl OwnCuts {
    /// The model's cut points, or the usual ones where it has none, but for those that the configuration names.
    pub fn over(&self, model: Option<holdfast_lifecycle::Cuts>) -> holdfast_lifecycle::Cuts {
        let of_model = model.unwrap_or_default();
        holdfast_lifecycle::Cuts {
            recency_days: self.recency_days.unwrap_or(of_model.recency_days),
            frequency: self.frequency.unwrap_or(of_model.frequency),
            monetary: self.monetary.or(of_model.monetary),
            top_spend: self.top_spend.or(of_model.top_spend),
        }
    }
}

/// Figures of all customers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kpis {
    pub periods: Vec<holdfast_reports::Period>,
    /// For how long a purchase makes a customer, ms; none is the model's horizon.
    pub alive_ms: Option<i64>,
}

/// Where the rule table is that says what to do about whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Playbook {
    /// One that is shipped.
    Preset(holdfast_playbook::Preset),
    /// A file.
    Path(PathBuf),
    /// Nothing is recommended.
    Off,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alerts {
    /// Decisions dated earlier (ms UTC) enter the state but are not sent.
    pub not_before: Option<i64>,
    pub format: AlertFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertFormat {
    Json,
    /// The value of the side-by-side workload in `benches/spec`.
    Spec,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Money {
    /// `None`: the model file's currency.
    pub currency: Option<Currency>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Currency {
    /// ISO 4217 code; amounts in another currency are rejected.
    Only(String),
    /// Amounts are taken as they are, whatever their currency.
    Ignore,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// `None` when the configuration says `off`.
    pub listen: Option<SocketAddr>,
}

/// Images of the state, which make restarts short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub enabled: bool,
    /// Where they are kept.
    pub location: Location,
    /// One is taken at least so often while there is something new.
    pub interval_ms: i64,
    /// And after so many events of a partition.
    pub every_events: u64,
    /// Generations kept of each partition.
    pub keep: usize,
}

/// How a run looks after itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The process ends when a part of it has not got on for this long; `None` for never.
    pub watchdog: Option<Duration>,
    /// Partitions and offsets of records that go to the dead letters unseen.
    pub skip: Vec<(i32, i64)>,
}

/// Checked settings together with where each value came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub settings: Settings,
    tree: tree::Tree,
}

impl Settings {
    /// All defaults, as an empty file would give them.
    pub fn defaults() -> Self {
        match Layers::default().load() {
            Ok(loaded) => loaded.settings,
            Err(faults) => unreachable!("the defaults are valid: {faults}"),
        }
    }

    /// What names the input: the topic, or `log`.
    pub fn input_name(&self) -> &str {
        match self.source {
            SourceKind::Kafka => &self.topics.input,
            SourceKind::Log => "log",
        }
    }

    /// SHA-256 (hex) over everything beside the model that decides which alerts are made of a state and what they say,
    /// with the thresholds that hold with a model (see [`Self::policy_with`]).
    /// What turns records into state has a hash of its own, [`crate::pipeline::Settings::state_hash`].
    ///
    /// Addresses, topics, credentials and paths are left out: moving the service does not make other alerts.
    pub fn decision_hash(&self, policy: &Policy) -> String {
        let text = format!(
            "{:?}\n{:?}\n{:?}\n{:?}",
            self.app.tenant,
            policy,
            (self.silence.enabled, self.silence.grace_ms),
            self.alerts,
        );
        hex(&Sha256::digest(text.as_bytes()))
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
