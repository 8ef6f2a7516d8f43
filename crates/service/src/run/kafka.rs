//! A run on Kafka: topics are checked, then transactions are taken over, then the group is joined, in that order.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use holdfast_consumer::{KafkaSettings, KafkaSource, Partitions, Probe, TopicState};
use holdfast_producer::{Admin, KafkaSinkSettings, KafkaTransactions, Stream, TransactionalSink};
use tracing::{info, warn};

use super::headroom::Headroom;
use super::hop::{KafkaHop, group};
use super::journal::{JournalLog, KafkaJournal};
use super::recovery::{Archive, open_snapshots};
use super::snapshots::Unstarted;
use super::{Concern, Run, RunError, Shared, prepare};
use crate::config::Settings;
use crate::topics::{self, run_topics};

/// How long the broker may take to answer before it counts as away.
const ANSWER: Duration = Duration::from_secs(5);
/// How often an absent broker is tried again, and told of.
const TRY_EVERY: Duration = Duration::from_secs(1);
const LOG_EVERY: Duration = Duration::from_secs(10);
/// A run that is to end by itself gives up on an absent broker; one that is not waits for it.
const PATIENCE_UNTIL_END: Duration = Duration::from_secs(60);

pub(super) fn start(shared: &Arc<Shared>, unstarted: Option<Unstarted>) -> Result<Run, RunError> {
    let settings = client(&shared.settings);
    if let Some(server) = shared.settings.kafka.overheard() {
        warn!(server, "not encrypted, as kafka.allow_plaintext says");
    }
    let probe = Probe::new(&settings)?;
    let partitions = topics(shared, &probe)?;
    if let Some(cluster) = probe.cluster_id(ANSWER) {
        shared.status.cluster.set(cluster).ok();
    }
    drop(probe);
    let retention_ms = kept_whole(shared, &settings)?;
    let headroom = Headroom::start(&settings, &shared.status, retention_ms)?;
    let archive = Archive {
        journal: Arc::new(JournalLog::new(KafkaJournal {
            client: settings.clone(),
            topic: shared.settings.topics.journal.clone(),
        })),
        snapshots: open_snapshots(shared)?,
    };
    let prepared = prepare(shared, partitions, archive, unstarted)?;
    let handler = Arc::clone(&prepared.handover) as Arc<dyn Partitions>;
    let source = KafkaSource::open(settings.clone(), handler)?;
    let health = Arc::clone(&shared.status.sink);
    shared.stop.also({
        let health = Arc::clone(&health);
        move || health.stop()
    });
    let sink_settings = sink_settings(&shared.settings, settings);
    let for_hop = sink_settings.clone();
    let sink = TransactionalSink::new(KafkaTransactions::open(
        sink_settings,
        source.group(),
        health,
    )?);
    info!(partitions, topic = %shared.settings.topics.input, "topics are there, transactions taken over");
    let hop = KafkaHop::start(shared, for_hop, prepared.events.0.clone())?;
    let run = Run::start(
        Arc::clone(shared),
        prepared,
        (Box::new(source), Box::new(sink)),
        partitions,
    )?;
    Ok(Run {
        _headroom: Some(headroom),
        hop,
        ..run
    })
}

/// Compaction takes records out of the middle: the state after a restart would be another one. Says for how many ms the
/// broker keeps a record, if there is a limit and it tells.
fn kept_whole(shared: &Shared, client: &KafkaSettings) -> Result<Option<i64>, RunError> {
    let input = &shared.settings.topics.input;
    let found = Admin::new(client).and_then(|admin| admin.config(input));
    match found {
        Ok(config) => match topics::not_kept_whole(&config) {
            Some(what) => Err(RunError::Config(format!("topic `{input}`: {what}"))),
            None => Ok(config
                .get("retention.ms")
                .and_then(|ms| ms.parse().ok())
                .filter(|ms| *ms >= 0)),
        },
        Err(fault) => {
            warn!("not looked at, whether compaction takes records out of `{input}`: {fault}");
            Ok(None)
        }
    }
}

/// How this configuration reaches Kafka.
#[must_use]
pub(crate) fn client(settings: &Settings) -> KafkaSettings {
    KafkaSettings {
        bootstrap_servers: settings.kafka.bootstrap_servers.clone(),
        topic: settings.topics.input.clone(),
        group_id: settings.kafka.group_id.clone(),
        instance_id: settings.kafka.instance_id.clone(),
        properties: settings.kafka.properties.clone(),
    }
}

fn sink_settings(settings: &Settings, client: KafkaSettings) -> KafkaSinkSettings {
    KafkaSinkSettings {
        client,
        alerts: settings.topics.alerts.clone(),
        dead_letters: settings.topics.dead_letters.clone(),
        streams: settings.topics.streams.clone(),
        journal: settings.topics.journal.clone(),
        transactional_id: format!("{}.{}", settings.app.id, settings.kafka.instance_id),
        app: settings.app.id.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// All topics, waiting for a broker that is not there; the number of input partitions.
fn topics(shared: &Shared, probe: &Probe) -> Result<usize, RunError> {
    let began = Instant::now();
    let mut logged_at: Option<Instant> = None;
    loop {
        let reason = match look(&shared.settings, probe)? {
            Ok(partitions) => {
                shared.status.clear(Concern::Input);
                return Ok(partitions);
            }
            Err(reason) => reason,
        };
        let servers = &shared.settings.kafka.bootstrap_servers;
        let text = format!("no broker at {servers}, trying again: {reason}");
        if logged_at.is_none_or(|at| at.elapsed() >= LOG_EVERY) {
            warn!("{text}");
            logged_at = Some(Instant::now());
        }
        shared.status.set(Concern::Input, text.clone());
        let impatient = shared.options.until_end && began.elapsed() > PATIENCE_UNTIL_END;
        if impatient || shared.stop.is_requested() {
            return Err(RunError::Temporary(text));
        }
        thread::sleep(TRY_EVERY);
    }
}

/// One look at all topics; the inner error is an absent broker.
fn look(settings: &Settings, probe: &Probe) -> Result<Result<usize, String>, RunError> {
    let topics = &settings.topics;
    let (mut missing, mut partitions) = (Vec::new(), 0);
    let mut journal = 0;
    let partials = topics.streams.get(&Stream::Partials);
    let streams = topics.streams.values().rev();
    let names = streams.chain([
        &topics.journal,
        &topics.dead_letters,
        &topics.alerts,
        &topics.input,
    ]);
    for name in names {
        match probe.topic(name, ANSWER) {
            TopicState::Partitions(count) if *name == topics.journal => journal = count,
            TopicState::Partitions(count) if partials == Some(name) && count != 1 => {
                return Err(RunError::Config(format!(
                    "`{name}` has {count} partitions and has to have one: who adds up reads them in one order"
                )));
            }
            TopicState::Partitions(count) => partitions = count,
            TopicState::Missing => missing.push(format!("`{name}`")),
            TopicState::Denied(reason) => {
                rights(settings, probe)?;
                return Err(RunError::Config(format!("kafka: {reason}")));
            }
            TopicState::Unreachable(reason) => return Ok(Err(reason)),
        }
    }
    if missing.is_empty() && journal < partitions {
        return Err(RunError::Config(format!(
            "`{}` has {journal} partitions and needs as many as `{}`, {partitions}",
            topics.journal, topics.input
        )));
    }
    if missing.is_empty() {
        rights(settings, probe)?;
        return Ok(Ok(partitions));
    }
    missing.reverse();
    Err(RunError::Config(format!(
        "{} {} missing; `holdfast topics apply` makes what is missing",
        missing.join(", "),
        if missing.len() == 1 { "is" } else { "are" }
    )))
}

/// A right that is missing would show later, one at a time, at the first record of its kind.
fn rights(settings: &Settings, probe: &Probe) -> Result<(), RunError> {
    let topics = run_topics(settings);
    let own = &settings.kafka.group_id;
    let mut missing = probe.missing_rights(&topics, own, ANSWER);
    if settings.lifecycle.kpis.is_some() {
        missing.extend(probe.missing_rights(&[], &group(own), ANSWER));
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(RunError::Config(format!(
        "kafka: not allowed: {}; `holdfast topics acl` prints what has to be",
        missing.join(", ")
    )))
}
