//! Where input, journal and alerts are, and how far they are committed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use holdfast_consumer::{KafkaSettings, Probe, committed_end, committed_offsets};
use holdfast_producer::Metadata;
use holdfast_producer::log::{ALERTS, Kept};

use crate::config::{Settings, SourceKind};
use crate::reread;
use crate::run::{JournalLog, KafkaJournal, RunError, Values, client};

/// How long the broker may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

pub(super) enum Place {
    Kafka(Topics),
    Log(Files),
}

pub(super) struct Topics {
    pub(super) client: KafkaSettings,
    /// Of the input.
    partitions: i32,
    pub(super) alerts: String,
    journal: String,
    /// Of each partition of the alert topic: below it everything is committed.
    pub(super) settled: Vec<i64>,
}

pub(super) struct Files {
    pub(super) dir: PathBuf,
    pub(super) kept: Kept,
    /// Each partition of the input and where it begins.
    begins: Vec<(i32, i64)>,
}

/// How far a partition of the input is worked through.
#[derive(Debug, Clone)]
pub(super) struct Commit {
    pub(super) partition: i32,
    /// Of how many.
    pub(super) partitions: u32,
    /// The oldest record that is still there.
    pub(super) begin: i64,
    pub(super) offset: i64,
    pub(super) metadata: Metadata,
}

impl Place {
    /// Looks where the alerts end now; nothing of them is read.
    pub(super) fn open(settings: &Settings) -> Result<Self, RunError> {
        match settings.source {
            SourceKind::Kafka => Topics::open(settings).map(Self::Kafka),
            SourceKind::Log => Files::open(settings).map(Self::Log),
        }
    }

    /// What names the alerts' topic or file.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Kafka(topics) => topics.alerts.clone(),
            Self::Log(files) => files.dir.join(ALERTS).display().to_string(),
        }
    }

    pub(super) fn journal(&self) -> JournalLog {
        match self {
            Self::Kafka(topics) => JournalLog::new(KafkaJournal {
                client: topics.client.clone(),
                topic: topics.journal.clone(),
            }),
            Self::Log(files) => JournalLog::new(Values(files.kept.journal.clone())),
        }
    }

    /// Partitions of which something is committed.
    pub(super) fn commits(&self, state_hash: &str) -> Result<Vec<Commit>, RunError> {
        let commits = match self {
            Self::Kafka(topics) => topics.commits()?,
            Self::Log(files) => files.commits()?,
        };
        if commits.is_empty() {
            let text =
                "no offset is committed, so nothing was served yet: there is nothing to verify";
            return Err(RunError::Config(text.to_owned()));
        }
        for commit in &commits {
            let metadata = &commit.metadata;
            let fault = if metadata.state_hash != state_hash {
                "the state was built with other settings than these (events, features, money, or the model's own \
                 currency and carts)"
                    .to_owned()
            } else if ![0, commit.partitions].contains(&metadata.partitions) {
                format!(
                    "the input had {} partitions and has {}",
                    metadata.partitions, commit.partitions
                )
            } else {
                continue;
            };
            let partition = commit.partition;
            return Err(RunError::Config(format!("partition {partition}: {fault}")));
        }
        Ok(commits)
    }
}

impl Topics {
    fn open(settings: &Settings) -> Result<Self, RunError> {
        let client = client(settings);
        let probe = Probe::new(&client)?;
        let partitions = reread::partitions(&probe, &settings.topics.input)?;
        let alerts = settings.topics.alerts.clone();
        let count = reread::partitions(&probe, &alerts)?;
        let ends = (0..count).map(|partition| committed_end(&client, (&alerts, partition), ANSWER));
        Ok(Self {
            settled: ends.collect::<Result<_, _>>()?,
            partitions,
            alerts,
            journal: settings.topics.journal.clone(),
            client,
        })
    }

    fn commits(&self) -> Result<Vec<Commit>, RunError> {
        let all: Vec<i32> = (0..self.partitions).collect();
        let probe = Probe::new(&self.client)?;
        let mut commits = Vec::new();
        for (partition, found) in committed_offsets(&self.client, &all, ANSWER)? {
            let Some((offset, text)) = found else {
                continue;
            };
            let metadata = Metadata::from_json(&text).ok_or_else(|| {
                RunError::Config(format!(
                    "partition {partition}: the commit at offset {offset} was not made by this program"
                ))
            })?;
            let (begin, end) = probe.ends(partition, ANSWER).map_err(RunError::Temporary)?;
            if end < offset {
                return Err(RunError::Config(format!(
                    "partition {partition}: the log ends at offset {end}, before the committed {offset}: is it \
                     another log?"
                )));
            }
            commits.push(Commit {
                partition,
                partitions: self.partitions.unsigned_abs(),
                begin,
                offset,
                metadata,
            });
        }
        Ok(commits)
    }
}

impl Files {
    fn open(settings: &Settings) -> Result<Self, RunError> {
        let log = &settings.log;
        let pipe = Path::new("-");
        if log.input == pipe || log.output == pipe {
            let text = "stdin and stdout cannot be read again: there is nothing to verify";
            return Err(RunError::Config(text.to_owned()));
        }
        let kept = Kept::read(&log.output)?.ok_or_else(|| {
            let dir = log.output.display();
            RunError::Config(format!(
                "{dir} has no manifest: nothing was committed there"
            ))
        })?;
        Ok(Self {
            dir: log.output.clone(),
            kept,
            begins: reread::log(settings)?.begins()?,
        })
    }

    fn commits(&self) -> Result<Vec<Commit>, RunError> {
        let partitions = u32::try_from(self.begins.len()).unwrap_or(u32::MAX);
        let commit = |state: &holdfast_producer::log::PartitionState| {
            let partition = state.partition;
            let begin = self.begins.iter().find(|(n, _)| *n == partition);
            let (_, begin) = begin.ok_or_else(|| {
                RunError::Config(format!(
                    "partition {partition} was committed and is not in the input"
                ))
            })?;
            Ok(Commit {
                partition,
                partitions,
                begin: *begin,
                offset: state.next_offset,
                metadata: state.metadata.clone(),
            })
        };
        self.kept.partitions.iter().map(commit).collect()
    }
}
