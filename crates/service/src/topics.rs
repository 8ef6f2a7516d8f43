//! `holdfast topics`: which topics the configuration needs, how they are set, and making those that are missing.

mod acl;

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use holdfast_consumer::{Probe, TopicState};
use holdfast_producer::{Admin, Stream, TopicSpec};

use crate::config::Settings;
use crate::run::{RunError, client};

pub(crate) use acl::run_topics;
pub use acl::{Need, Role, needs, write_commands};

/// How long the broker may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// How missing topics are to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    pub partitions: i32,
    /// -1 is the broker's default.
    pub replication: i32,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            partitions: 4,
            replication: -1,
        }
    }
}

/// What is to be done about one topic.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Create(TopicSpec),
    /// It is there and fits.
    Keep {
        name: String,
        partitions: usize,
    },
    /// It is there and cannot be used as it is.
    Wrong {
        name: String,
        what: String,
    },
}

/// Writes what [`apply`] would do.
///
/// # Errors
/// When the broker does not answer, or a topic that is there cannot be used.
pub fn plan(settings: &Settings, wanted: &Wanted, out: &mut impl Write) -> Result<(), RunError> {
    let admin = Admin::new(&client(settings))?;
    let steps = steps(settings, wanted, &admin)?;
    write_steps(&steps, "to create", out)
}

/// Makes what is missing; with `dry_run` the broker only says whether it would.
///
/// # Errors
/// As [`plan`], and when the broker refuses to make one.
pub fn apply(
    settings: &Settings,
    wanted: &Wanted,
    dry_run: bool,
    out: &mut impl Write,
) -> Result<(), RunError> {
    let admin = Admin::new(&client(settings))?;
    let steps = steps(settings, wanted, &admin)?;
    for step in &steps {
        if let Step::Create(spec) = step {
            admin.create(spec, dry_run)?;
        }
    }
    if !dry_run {
        wait_until_visible(settings, &steps)?;
    }
    write_steps(
        &steps,
        if dry_run { "would create" } else { "created" },
        out,
    )
}

/// A broker acknowledges a topic before all of its metadata says so; who starts right after it would miss one.
fn wait_until_visible(settings: &Settings, steps: &[Step]) -> Result<(), RunError> {
    let probe = Probe::new(&client(settings))?;
    let end = Instant::now() + ANSWER;
    for step in steps {
        let Step::Create(spec) = step else { continue };
        while !matches!(probe.topic(&spec.name, ANSWER), TopicState::Partitions(_)) {
            if Instant::now() > end {
                let text = format!("`{}` was made and does not show up", spec.name);
                return Err(RunError::Temporary(text));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    Ok(())
}

fn steps(settings: &Settings, wanted: &Wanted, admin: &Admin) -> Result<Vec<Step>, RunError> {
    let probe = Probe::new(&client(settings))?;
    specs(settings, wanted)
        .into_iter()
        .map(|spec| match probe.topic(&spec.name, ANSWER) {
            TopicState::Missing => Ok(Step::Create(spec)),
            TopicState::Partitions(partitions) => {
                let partials = settings.topics.streams.get(&Stream::Partials);
                let only = (partials == Some(&spec.name)).then_some(1);
                judge(&spec, (partitions, only), &admin.config(&spec.name)?)
            }
            TopicState::Denied(reason) => Err(RunError::Config(format!("kafka: {reason}"))),
            TopicState::Unreachable(reason) => {
                let servers = &settings.kafka.bootstrap_servers;
                Err(RunError::Temporary(format!(
                    "no broker at {servers}: {reason}"
                )))
            }
        })
        .collect()
}

fn specs(settings: &Settings, wanted: &Wanted) -> Vec<TopicSpec> {
    let spec = |name: &str, retention_ms: &str| TopicSpec {
        name: name.to_owned(),
        partitions: wanted.partitions,
        replication: wanted.replication,
        config: BTreeMap::from([
            ("cleanup.policy".to_owned(), "delete".to_owned()),
            ("retention.ms".to_owned(), retention_ms.to_owned()),
        ]),
    };
    const DAYS_30: &str = "2592000000";
    // The state of every customer is rebuilt from the whole input; what the broker drops is missing in it.
    let mut specs = vec![
        spec(&settings.topics.input, "-1"),
        spec(&settings.topics.alerts, DAYS_30),
        spec(&settings.topics.dead_letters, DAYS_30),
        // Decisions since the oldest snapshot; few bytes, and without them the input alone is not enough.
        spec(&settings.topics.journal, "-1"),
    ];
    for (stream, topic) in &settings.topics.streams {
        let mut spec = spec(topic, DAYS_30);
        match stream {
            // The newest figures of each period are kept for ever.
            Stream::Kpis => {
                spec.config = BTreeMap::from([("cleanup.policy".to_owned(), "compact".to_owned())]);
            }
            // One reader adds up what all partitions say, in one order.
            Stream::Partials => spec.partitions = 1,
            _ => {}
        }
        specs.push(spec);
    }
    specs
}

/// Compaction would take records out of the middle: the state after a restart would be another one.
fn judge(
    spec: &TopicSpec,
    (partitions, only): (usize, Option<usize>),
    config: &BTreeMap<String, String>,
) -> Result<Step, RunError> {
    let name = spec.name.clone();
    let is_compacted = spec.config.get("cleanup.policy").map(String::as_str) == Some("compact");
    Ok(match not_kept_whole(config).filter(|_| !is_compacted) {
        None if only.is_some_and(|only| only != partitions) => Step::Wrong {
            name,
            what: format!("has {partitions} partitions, and has to have one"),
        },
        None => Step::Keep { name, partitions },
        Some(what) => Step::Wrong { name, what },
    })
}

/// Why records may vanish from the middle of a topic that is set so.
pub(crate) fn not_kept_whole(config: &BTreeMap<String, String>) -> Option<String> {
    let policy = config.get("cleanup.policy").filter(|p| *p != "delete")?;
    Some(format!("cleanup.policy is {policy}, and has to be delete"))
}

fn write_steps(steps: &[Step], create: &str, out: &mut impl Write) -> Result<(), RunError> {
    let mut wrong = Vec::new();
    for step in steps {
        let line = match step {
            Step::Create(spec) => {
                let config: Vec<String> = spec
                    .config
                    .iter()
                    .map(|(k, v)| format!("{k}={v}"))
                    .collect();
                format!(
                    "{create} {}: {} partitions, {}",
                    spec.name,
                    spec.partitions,
                    config.join(", ")
                )
            }
            Step::Keep { name, partitions } => format!("there {name}: {partitions} partitions"),
            Step::Wrong { name, what } => {
                wrong.push(format!("topic `{name}`: {what}"));
                format!("wrong {name}: {what}")
            }
        };
        writeln!(out, "{line}").map_err(|e| RunError::Temporary(format!("cannot write: {e}")))?;
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(RunError::Config(wrong.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_topics_of_the_configuration_are_wanted_and_what_state_is_made_of_is_kept_for_ever() {
        let specs = specs(&Settings::defaults(), &Wanted::default());
        let names: Vec<&str> = specs.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "events",
                "at-risk",
                "events.dlq",
                "holdfast.journal",
                "segments",
                "lifecycle",
                "carts",
                "decisions",
                "kpis",
                "worklist",
                "holdfast.partials",
            ]
        );
        let kept: Vec<&str> = specs
            .iter()
            .map(|s| {
                s.config
                    .get("retention.ms")
                    .map_or("compacted", String::as_str)
            })
            .collect();
        assert_eq!(kept[..4], ["-1", "2592000000", "2592000000", "-1"]);
        let rest = kept[4..].iter().filter(|ms| **ms == "2592000000");
        assert_eq!((rest.count(), kept[8]), (6, "compacted"));
        assert_eq!(specs[10].partitions, 1);
    }

    #[test]
    fn a_compacted_topic_is_wrong_and_makes_the_command_fail_after_listing_all() {
        let specs = specs(&Settings::defaults(), &Wanted::default());
        let [input, alerts, ..] = &specs[..] else {
            panic!("at least two topics");
        };
        let compact = BTreeMap::from([("cleanup.policy".to_owned(), "compact,delete".to_owned())]);
        let steps = [
            judge(input, (2, None), &compact).unwrap(),
            judge(alerts, (2, None), &BTreeMap::new()).unwrap(),
        ];
        let mut out = Vec::new();
        let error = write_steps(&steps, "created", &mut out).unwrap_err();
        assert_eq!(error.exit_code(), 78);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(text.contains("there at-risk: 2 partitions"), "{text}");
    }
}
