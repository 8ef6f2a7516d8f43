//! `[kafka.properties]`: raw librdkafka settings, passed through but for those the guarantees rest on.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Value;

use super::reader::{Reader, wants};
use super::tree::{Origin, Tree};

const TABLE: &str = "kafka.properties.";

/// Settings that are refused, each with the reason.
const REFUSED: &[(&str, &str)] = &[
    (
        "enable.auto.commit",
        "offsets are committed in the transaction of the alerts",
    ),
    (
        "enable.auto.offset.store",
        "offsets are committed in the transaction of the alerts",
    ),
    (
        "auto.commit.interval.ms",
        "offsets are committed in the transaction of the alerts",
    ),
    (
        "auto.offset.reset",
        "a lost offset must stop the service, not skip or repeat input",
    ),
    ("isolation.level", "aborted input must stay unseen"),
    (
        "transactional.id",
        "it is made of app.id and kafka.instance_id",
    ),
    ("enable.idempotence", "transactions need it"),
    ("acks", "transactions need all replicas"),
    ("enable.gapless.guarantee", "transactions need it"),
    (
        "partitioner",
        "equal keys must reach equal partitions whoever writes them",
    ),
    (
        "partition.assignment.strategy",
        "a partition's state may have one owner only",
    ),
    ("group.protocol", "static members use the classic protocol"),
    ("group.id", "set kafka.group_id"),
    ("group.instance.id", "set kafka.instance_id"),
    ("bootstrap.servers", "set kafka.bootstrap_servers"),
    ("metadata.broker.list", "set kafka.bootstrap_servers"),
];

/// Settings that name a file with a secret in it, which librdkafka reads.
const SECRET_FILES: [&str; 4] = [
    "ssl.key.location",
    "ssl.keystore.location",
    "sasl.kerberos.keytab",
    "sasl.oauthbearer.assertion.private.key.file",
];

/// Whether the value of `key` must never be shown.
pub(super) fn is_secret(key: &str) -> bool {
    key.strip_prefix(TABLE)
        .is_some_and(holdfast_consumer::is_secret)
}

/// All properties; `<name>_file` reads the value of `<name>` from a file, without its last line end. A configuration file
/// gets copied, committed and mailed, so a secret in it is refused.
pub(super) fn read(tree: &Tree, reader: &mut Reader<'_>) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for (key, entry) in tree
        .entries
        .iter()
        .filter(|(key, _)| key.starts_with(TABLE))
    {
        let name = &key[TABLE.len()..];
        let plain = name.strip_suffix("_file").unwrap_or(name);
        if let Some((_, reason)) = REFUSED.iter().find(|(refused, _)| *refused == plain) {
            reader.fault(key, format!("cannot be set: {reason}"));
            continue;
        }
        let value = match &entry.value {
            Value::String(s) => s.clone(),
            Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => entry.value.to_string(),
            // The type only: a secret may sit inside.
            other => {
                reader.fault(
                    key,
                    wants("a text, a number or true/false", &other.type_str().into()),
                );
                continue;
            }
        };
        if is_secret(key) && matches!(entry.origin, Origin::File { .. }) {
            reader.fault(key, elsewhere(name));
        } else if plain == name {
            if SECRET_FILES.contains(&name) {
                warn_of_readers(key, Path::new(&value));
            }
            out.insert(name.to_owned(), value);
        } else if tree.entries.contains_key(&format!("{TABLE}{plain}")) {
            reader.fault(key, format!("`{plain}` is given as a value and as a file"));
        } else {
            let path = tree.base.join(&value);
            match std::fs::read_to_string(&path) {
                Ok(text) => {
                    if holdfast_consumer::is_secret(plain) {
                        warn_of_readers(key, &path);
                    }
                    out.insert(
                        plain.to_owned(),
                        text.trim_end_matches(['\r', '\n']).to_owned(),
                    );
                }
                Err(error) => reader.fault(key, format!("cannot read {value}: {error}")),
            }
        }
    }
    out
}

/// Where the secret setting `name` may stand instead.
fn elsewhere(name: &str) -> String {
    let variable = format!("{TABLE}{name}")
        .to_ascii_uppercase()
        .replace('.', "__");
    format!(
        "a secret has no place in this file: name a file of its own, \"{name}_file\" = \"/run/secrets/{name}\", or \
         set the environment variable HOLDFAST__{variable}"
    )
}

/// A secret that every user of the machine can read is none.
fn warn_of_readers(key: &str, path: &Path) {
    #[cfg(unix)]
    if let Ok(file) = std::fs::metadata(path) {
        use std::os::unix::fs::MetadataExt;
        if file.is_file() && file.mode() & 0o004 != 0 {
            tracing::warn!(
                "{key}: every user of this machine can read {}; chmod o-r it",
                path.display()
            );
        }
    }
}
