//! Another number of partitions: the state moves to where its customers' records go from now on.
//!
//! Records of a customer that were written before the topic grew lie in one partition, later ones in another. So the
//! state may only move when every old record has been worked: offsets committed up to the end, and a snapshot of
//! every partition at exactly its offset, which a run that ends writes. Then the new snapshots are published, which
//! changes nothing yet, the topics grow, and last the offsets are committed with the new number, all of them at once.
//! After a crash in between no run starts, and the same command goes on.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail, ensure};
use holdfast_consumer::{
    KafkaSettings, Probe, TopicState, committed_offsets, read_partition, set_committed_offsets,
};
use holdfast_features::{LOGIC, registry_hash};
use holdfast_producer::{Admin, Metadata};
use holdfast_store::{Listed, Manifest, Packed, Packer, Snapshots, Wanted, choose};
use serde::Serialize;

use crate::config;
use crate::pipeline::{Partition, STATE, Settings};

const ANSWER: Duration = Duration::from_secs(10);
/// How long new partitions, and a member that has just gone, may stand in the way of a commit.
const SETTLED: Duration = Duration::from_secs(15);

/// What was done, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rescaled {
    /// Partitions before.
    pub from: u32,
    /// And now.
    pub to: u32,
    pub customers: u64,
    /// Of each new partition.
    pub customers_by_partition: Vec<u64>,
    /// Snapshots published; empty if nothing was to be changed.
    pub snapshots: Vec<String>,
}

/// Moves the state to `to` partitions; with `dry_run` only says whether that could be done.
///
/// # Errors
/// When something speaks against it; then nothing is lost, and the command can be given again.
pub fn rescale(
    config: &config::Settings,
    settings: &Settings,
    snapshots: &Snapshots,
    (to, dry_run): (u32, bool),
) -> anyhow::Result<Rescaled> {
    ensure!(
        config.source == config::SourceKind::Kafka,
        "only topics are rescaled; an embedded log is read again by `holdfast replay --partitions`"
    );
    let client = crate::run::client(config);
    let commits = commits(&client)?;
    let from = u32::try_from(commits.len())?;
    ensure!(from != to, "the state is that of {to} partitions already");
    ensure!(
        to > from,
        "{from} partitions cannot become {to}: Kafka only adds partitions to a topic"
    );
    let short = short(config, &client, (from, to))?;
    all_is_worked(&client, &commits)?;
    let old = chosen(settings, snapshots, &commits)?;
    same_regime(&old)?;
    let mut partitions = Vec::new();
    for listed in &old {
        let snapshot = snapshots.load(&listed.name)?;
        let restored = Partition::restore(settings, &snapshot);
        partitions.push(restored.map_err(|fault| anyhow!("{}: {fault}", listed.name))?);
    }
    let new = Partition::rescaled(settings, &partitions, to)?;
    drop(partitions);
    let counts: Vec<u64> = new.iter().map(|p| p.customers() as u64).collect();
    let mut rescaled = Rescaled {
        from,
        to,
        customers: counts.iter().sum(),
        customers_by_partition: counts,
        snapshots: Vec::new(),
    };
    if dry_run {
        return Ok(rescaled);
    }
    let mut offsets = Vec::new();
    for (number, partition) in (0..).zip(new) {
        let commit = commits.get(usize::try_from(number)?);
        // New partitions are empty, or begin with records of those who already know them.
        let offset = commit.map_or(0, |commit| commit.offset);
        let packed = pack(partition, manifest(&old, (number, to), offset)?);
        let stored = snapshots.publish(&packed)?;
        rescaled.snapshots.push(stored.name.to_string());
        let any = &commits.first().context("no partition")?.metadata;
        let metadata = Metadata {
            journal: commit.map_or(0, |commit| commit.metadata.journal),
            partitions: to,
            input: None,
            ..any.clone()
        };
        offsets.push((number, offset, metadata.to_json()));
    }
    for name in short {
        Admin::new(&client)?.grow(name, to as usize)?;
    }
    set(&client, &offsets)?;
    Ok(rescaled)
}

/// Commits, once the new partitions are known to the broker's every part.
fn set(client: &KafkaSettings, offsets: &[(i32, i64, String)]) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        match set_committed_offsets(client, offsets) {
            Err(_) if began.elapsed() < SETTLED => thread::sleep(Duration::from_millis(200)),
            done => {
                return done.context(
                    "snapshots and topics are ready, but not the offsets: stop every instance, wait for their \
                     session time-out, and give the same command again",
                );
            }
        }
    }
}

/// Where one partition of the old number stands.
struct Commit {
    offset: i64,
    metadata: Metadata,
}

/// The commits of all old partitions.
fn commits(client: &KafkaSettings) -> anyhow::Result<Vec<Commit>> {
    let first = committed_offsets(client, &[0], ANSWER)?;
    let first = first.into_iter().next().and_then(|(_, found)| found);
    let (_, text) = first.context("no offset is committed: there is no state to move yet")?;
    let made = |text: &str| {
        Metadata::from_json(text).context("the committed offsets were not made by this program")
    };
    let from = made(&text)?.partitions;
    ensure!(
        from > 0,
        "the commits do not say how many partitions there were"
    );
    let all: Vec<i32> = (0..i32::try_from(from)?).collect();
    let mut commits = Vec::new();
    for (partition, found) in committed_offsets(client, &all, ANSWER)? {
        let (offset, text) =
            found.with_context(|| format!("no offset is committed for partition {partition}"))?;
        let metadata = made(&text)?;
        ensure!(
            metadata.partitions == from,
            "partition {partition} was committed with {} partitions, others with {from}",
            metadata.partitions
        );
        commits.push(Commit { offset, metadata });
    }
    Ok(commits)
}

/// Which of input and journal still have the old number of partitions.
fn short<'a>(
    config: &'a config::Settings,
    client: &KafkaSettings,
    (from, to): (u32, u32),
) -> anyhow::Result<Vec<&'a str>> {
    let probe = Probe::new(client)?;
    let mut short = Vec::new();
    // The journal first: an input that has grown is what a run notices.
    for name in [&config.topics.journal, &config.topics.input] {
        match probe.topic(name, ANSWER) {
            TopicState::Partitions(count) if count == to as usize => {}
            TopicState::Partitions(count) if count == from as usize => short.push(name.as_str()),
            TopicState::Partitions(count) => {
                bail!("topic `{name}` has {count} partitions, neither {from} nor {to}")
            }
            TopicState::Missing => bail!("topic `{name}` is not there"),
            TopicState::Denied(reason) | TopicState::Unreachable(reason) => {
                bail!("kafka: {reason}")
            }
        }
    }
    Ok(short)
}

/// The snapshot of each partition at its committed offset.
fn chosen(
    settings: &Settings,
    snapshots: &Snapshots,
    commits: &[Commit],
) -> anyhow::Result<Vec<Listed>> {
    let list = snapshots.list(None)?;
    let mut chosen = Vec::new();
    for (partition, commit) in (0..).zip(commits) {
        let wanted = Wanted {
            partition,
            partitions: commits.len() as u32,
            topic_id: None,
            cluster_id: None,
            logic: LOGIC,
            registry: registry_hash(),
            state_hash: settings.state_hash().to_owned(),
            at_most_offset: commit.offset,
            at_most_entries: Some(commit.metadata.journal),
        };
        let choice = choose(&list, &wanted);
        let newest = choice.candidates.first().copied();
        let at = newest.filter(|listed| {
            listed.name.offset == commit.offset
                && listed
                    .manifest
                    .as_ref()
                    .is_ok_and(|m| m.journal_entries == commit.metadata.journal)
        });
        let refused: Vec<String> = choice
            .refused
            .iter()
            .map(|(name, refusal)| format!("{name}: {refusal}"))
            .collect();
        let listed = at.with_context(|| {
            format!(
                "no snapshot of partition {partition} at its committed offset {}: let `holdfast run` read to the \
                 end and stop it by SIGTERM, which writes one{}{}",
                commit.offset,
                if refused.is_empty() { "" } else { "; not usable: " },
                refused.join("; ")
            )
        })?;
        chosen.push(listed.clone());
    }
    Ok(chosen)
}

/// One model and one policy decide everywhere.
fn same_regime(manifests: &[Listed]) -> anyhow::Result<()> {
    let regimes = manifests.iter().filter_map(|l| l.manifest.as_ref().ok());
    let mut regimes = regimes.map(|m| (&m.model_sha256, &m.config_hash));
    let first = regimes.next();
    ensure!(
        regimes.all(|regime| Some(regime) == first),
        "partitions were decided by different models or policies: start and stop `holdfast run` once"
    );
    Ok(())
}

/// A record that was not worked would be worked where its customer no longer is.
fn all_is_worked(client: &KafkaSettings, commits: &[Commit]) -> anyhow::Result<()> {
    for (partition, commit) in (0..).zip(commits) {
        let rest = read_partition(client, (&client.topic, partition), commit.offset, ANSWER)?;
        ensure!(
            rest.is_empty(),
            "{} records of partition {partition} are not worked yet: stop those who write, and let `holdfast run` \
             read to the end first",
            rest.len()
        );
    }
    Ok(())
}

fn manifest(
    old: &[Listed],
    (partition, partitions): (i32, u32),
    offset: i64,
) -> anyhow::Result<Manifest> {
    let manifests: Vec<&Manifest> = old
        .iter()
        .filter_map(|l| l.manifest.as_ref().ok())
        .collect();
    let any = manifests.first().context("no partition")?;
    let own = manifests.get(usize::try_from(partition)?);
    Ok(Manifest {
        partition,
        partitions,
        offset,
        byte: None,
        input: None,
        clock: manifests.iter().filter_map(|m| m.clock).max(),
        input_clock: manifests.iter().filter_map(|m| m.input_clock).max(),
        fired: manifests.iter().filter_map(|m| m.fired).max(),
        journal_offset: own.map_or(0, |m| m.journal_offset),
        journal_entries: own.map_or(0, |m| m.journal_entries),
        created_ms: jiff::Timestamp::now().as_millisecond(),
        ..(*any).clone()
    })
}

fn pack(mut partition: Partition, mut manifest: Manifest) -> Packed {
    manifest.customers = partition.customers() as u64;
    let image = partition.begin_image();
    let mut packer = Packer::new(manifest);
    for (section, bytes) in image.sections() {
        packer.add(section, 0, &bytes);
    }
    let mut pieces = Vec::new();
    while !partition.continue_image(64, &mut pieces) {
        for piece in pieces.drain(..) {
            packer.add(STATE, piece.number, &piece.bytes);
        }
    }
    for piece in pieces {
        packer.add(STATE, piece.number, &piece.bytes);
    }
    packer.finish()
}
