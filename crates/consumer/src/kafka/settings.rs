//! librdkafka's settings: ours first, then the operator's, then those the guarantees rest on.

use std::collections::BTreeMap;
use std::fmt;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;

/// Words in the name of a setting whose value is a secret.
const SECRET: [&str; 6] = [
    "password",
    "passphrase",
    "secret",
    "private.key",
    "key.pem",
    "oauthbearer.config",
];

/// Whether the value of the librdkafka setting `name` must never be shown. The path of a file is none.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    !name.ends_with("file") && SECRET.iter().any(|word| name.contains(word))
}

/// Raw settings, for debugging: without their secrets.
pub struct Redacted<'a>(pub &'a BTreeMap<String, String>);

impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.iter().map(|(name, value)| {
            let value = if is_secret(name) { "(secret)" } else { value };
            (name, value)
        });
        f.debug_map().entries(shown).finish()
    }
}

/// How to reach the broker, and as whom.
#[derive(Clone, Default)]
pub struct KafkaSettings {
    pub bootstrap_servers: String,
    /// The input topic.
    pub topic: String,
    pub group_id: String,
    /// `group.instance.id`, stable over restarts.
    pub instance_id: String,
    /// Raw librdkafka settings of the operator.
    pub properties: BTreeMap<String, String>,
}

impl fmt::Debug for KafkaSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaSettings")
            .field("bootstrap_servers", &self.bootstrap_servers)
            .field("topic", &self.topic)
            .field("group_id", &self.group_id)
            .field("instance_id", &self.instance_id)
            .field("properties", &Redacted(&self.properties))
            .finish()
    }
}

impl KafkaSettings {
    /// What every client of this process shares: address, operator's settings.
    #[must_use]
    pub fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("client.id", "holdfast");
        // Requests are small and each waits for the one before it: nothing is won by collecting their bytes.
        config.set("socket.nagle.disable", "true");
        // A quick first reconnect, and no more than a second between tries.
        config
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "1000");
        for (name, value) in &self.properties {
            config.set(name, value);
        }
        config.set("bootstrap.servers", &self.bootstrap_servers);
        let talkative = self.properties.contains_key("debug");
        config.set_log_level(if talkative {
            RDKafkaLogLevel::Debug
        } else {
            RDKafkaLogLevel::Info
        });
        config
    }

    pub(super) fn consumer(&self) -> ClientConfig {
        let mut config = self.client();
        let defaults = [
            // A reader slower than the broker finds its queue full; the default would then fetch once a second.
            ("fetch.queue.backoff.ms", "5"),
            // Memory: what waits here is bounded, beside what the workers hold.
            ("queued.max.messages.kbytes", "32768"),
            ("queued.min.messages", "50000"),
            // A static member may be away this long before its partitions go to others.
            ("session.timeout.ms", "10000"),
            ("heartbeat.interval.ms", "1000"),
        ];
        for (name, value) in defaults {
            if !self.properties.contains_key(name) {
                config.set(name, value);
            }
        }
        config
            .set("group.id", &self.group_id)
            .set("group.instance.id", &self.instance_id)
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            .set("isolation.level", "read_committed")
            .set("enable.partition.eof", "true");
        config
    }

    pub(super) fn probe(&self) -> ClientConfig {
        let mut config = self.client();
        config.set("isolation.level", "read_uncommitted");
        config
    }

    /// Asks for the group's offsets without being a member of it.
    pub(super) fn asker(&self) -> ClientConfig {
        let mut config = self.client();
        config
            .set("group.id", &self.group_id)
            .set("enable.auto.commit", "false")
            .set("isolation.level", "read_committed");
        config
    }

    /// Reads a record here and there, of any transaction.
    pub(super) fn glance(&self) -> ClientConfig {
        let mut config = self.reader();
        config
            .set("isolation.level", "read_uncommitted")
            .set("fetch.message.max.bytes", "65536")
            .set("queued.min.messages", "1");
        config
    }

    /// Reads whole topics from their beginning. It never joins the group, whose name librdkafka wants all the same: the
    /// service's own, for which the rights are there.
    pub(super) fn reader(&self) -> ClientConfig {
        let mut config = self.client();
        config
            .set("group.id", &self.group_id)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            .set("isolation.level", "read_committed")
            .set("enable.partition.eof", "true")
            // The end is told by an answer without records, which the broker holds back for so long.
            .set("fetch.wait.max.ms", "10");
        config
    }
}
