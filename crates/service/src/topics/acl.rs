//! `holdfast topics acl`: the least rights on Kafka, for the service and for those who look after it.
//!
//! Read and Write bring Describe with them, so it is listed only where neither is. Create and Alter are nobody's:
//! `topics apply` and `rescale` are for an administrator of the cluster.

use std::io::{self, Write};

use holdfast_consumer::Right;
use holdfast_producer::Stream;
use serde::Serialize;

use crate::config::Settings;
use crate::run::partials_group;

/// Whose rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// `holdfast run`.
    Run,
    /// `dlq`, `forget`, `verify` and `topics plan`.
    Operate,
}

/// What has to be allowed on one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Need {
    /// `topic`, `group` or `transactional-id`, as the options of kafka-acls.sh.
    pub resource: &'static str,
    pub name: String,
    /// `literal` or `prefixed`.
    pub pattern: &'static str,
    pub operations: Vec<&'static str>,
}

/// The rights of `role` that this configuration needs, and no more.
#[must_use]
pub fn needs(settings: &Settings, role: Role) -> Vec<Need> {
    let topics = &settings.topics;
    let need = |resource, name: &str, operations: &[&'static str]| Need {
        resource,
        name: name.to_owned(),
        pattern: "literal",
        operations: operations.to_vec(),
    };
    let group = &settings.kafka.group_id;
    match role {
        Role::Run => {
            let mut needs: Vec<Need> = run_topics(settings)
                .iter()
                .map(|(name, rights)| {
                    let names: Vec<&'static str> = rights.iter().map(|r| r.name()).collect();
                    need("topic", name, &names)
                })
                .collect();
            // Whether what it reads is kept whole, and for how long.
            needs[0].operations.push("DescribeConfigs");
            needs.push(need("group", group, &["Read"]));
            if settings.lifecycle.kpis.is_some() {
                needs.push(need("group", &partials_group(group), &["Read"]));
            }
            // One for each instance, and they come and go.
            needs.push(Need {
                pattern: "prefixed",
                ..need(
                    "transactional-id",
                    &format!("{}.", settings.app.id),
                    &["Write"],
                )
            });
            needs
        }
        Role::Operate => vec![
            need(
                "topic",
                &topics.input,
                &["Read", "Write", "DescribeConfigs"],
            ),
            need("topic", &topics.alerts, &["Read", "DescribeConfigs"]),
            need("topic", &topics.dead_letters, &["Read", "DescribeConfigs"]),
            need("topic", &topics.journal, &["Read", "DescribeConfigs"]),
            need("group", group, &["Describe"]),
        ],
    }
}

/// What a run does with each topic.
#[must_use]
pub(crate) fn run_topics(settings: &Settings) -> Vec<(&str, &'static [Right])> {
    let topics = &settings.topics;
    let mut rights: Vec<(&str, &'static [Right])> = vec![
        (&topics.input, &[Right::Read]),
        (&topics.alerts, &[Right::Write]),
        (&topics.dead_letters, &[Right::Write]),
        (&topics.journal, &[Right::Read, Right::Write]),
    ];
    for (stream, topic) in &topics.streams {
        rights.push(match stream {
            Stream::Partials => (topic, &[Right::Read, Right::Write]),
            _ => (topic, &[Right::Write]),
        });
    }
    rights
}

/// Writes the rights as commands for an administrator's shell.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_commands(
    settings: &Settings,
    role: Role,
    principal: &str,
    out: &mut impl Write,
) -> io::Result<()> {
    let servers = &settings.kafka.bootstrap_servers;
    writeln!(
        out,
        "# admin.properties: how an administrator reaches the cluster"
    )?;
    for need in needs(settings, role) {
        write!(
            out,
            "kafka-acls.sh --bootstrap-server {} --command-config admin.properties --add --allow-principal {}",
            quoted(servers),
            quoted(principal)
        )?;
        for operation in &need.operations {
            write!(out, " --operation {operation}")?;
        }
        write!(out, " --{} {}", need.resource, quoted(&need.name))?;
        writeln!(out, " --resource-pattern-type {}", need.pattern)?;
    }
    Ok(())
}

/// For a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_name_every_right_once_and_nothing_may_be_created() {
        let mut out = Vec::new();
        let settings = Settings::defaults();
        write_commands(&settings, Role::Run, "User:it's me", &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let start = "kafka-acls.sh --bootstrap-server '127.0.0.1:9092' --command-config admin.properties --add \
                     --allow-principal 'User:it'\\''s me' --operation ";
        let ends: Vec<&str> = text
            .lines()
            .skip(1)
            .map(|line| line.strip_prefix(start).unwrap())
            .collect();
        assert_eq!(
            ends,
            [
                "Read --operation DescribeConfigs --topic 'events' --resource-pattern-type literal",
                "Write --topic 'at-risk' --resource-pattern-type literal",
                "Write --topic 'events.dlq' --resource-pattern-type literal",
                "Read --operation Write --topic 'holdfast.journal' --resource-pattern-type literal",
                "Write --topic 'segments' --resource-pattern-type literal",
                "Write --topic 'lifecycle' --resource-pattern-type literal",
                "Write --topic 'carts' --resource-pattern-type literal",
                "Write --topic 'decisions' --resource-pattern-type literal",
                "Write --topic 'kpis' --resource-pattern-type literal",
                "Write --topic 'worklist' --resource-pattern-type literal",
                "Read --operation Write --topic 'holdfast.partials' --resource-pattern-type literal",
                "Read --group 'holdfast' --resource-pattern-type literal",
                "Read --group 'holdfast.partials' --resource-pattern-type literal",
                "Write --transactional-id 'holdfast.' --resource-pattern-type prefixed",
            ]
        );
        for role in [Role::Run, Role::Operate] {
            let needs = needs(&settings, role);
            let mut operations = needs.iter().flat_map(|need| &need.operations);
            assert!(operations.all(|o| !["Create", "Alter", "All", "Delete"].contains(o)));
        }
    }
}
