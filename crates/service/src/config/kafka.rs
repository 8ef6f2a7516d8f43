//! `[kafka]`: how the broker is reached, and whether what goes there may be listened to.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use holdfast_consumer::Redacted;

use super::check::name_or;
use super::reader::Reader;
use super::tree::Tree;
use super::{App, Kafka, SourceKind, properties};

const SERVERS: &str = "kafka.bootstrap_servers";
const PROTOCOL: &str = "security.protocol";

pub(super) fn read(reader: &mut Reader<'_>, tree: &Tree, app: &App, source: SourceKind) -> Kafka {
    let kafka = Kafka {
        bootstrap_servers: servers(reader),
        group_id: name_or(reader, "kafka.group_id", app.id.clone()),
        instance_id: name_or(reader, "kafka.instance_id", format!("{}-0", app.id)),
        allow_plaintext: reader.flag("kafka.allow_plaintext").unwrap_or(false),
        properties: properties::read(tree, reader),
    };
    if let Some(server) = kafka.overheard().filter(|_| !kafka.allow_plaintext)
        && source == SourceKind::Kafka
    {
        reader.fault(
            SERVERS,
            format!(
                "`{server}` is another machine, and {} is not encrypted: set kafka.properties.\"{PROTOCOL}\" to ssl or \
                 sasl_ssl, or kafka.allow_plaintext = true where nobody can listen",
                kafka.protocol()
            ),
        );
    }
    kafka
}

/// Empty when there is a fault.
fn servers(reader: &mut Reader<'_>) -> String {
    let servers = reader.text(SERVERS).unwrap_or_default();
    let faults: Vec<String> = servers.split(',').filter_map(fault).collect();
    let sound = faults.is_empty();
    for fault in faults {
        reader.fault(SERVERS, fault);
    }
    if sound { servers } else { String::new() }
}

fn fault(server: &str) -> Option<String> {
    let server = server.trim();
    if server.contains('@') {
        // Not shown: what stands before the @ may be a password.
        return Some("is host:port, and no place for a password".to_owned());
    }
    let port = server
        .rsplit_once(':')
        .filter(|(host, _)| !host.is_empty())
        .map(|(_, port)| port);
    let good = port.is_some_and(|p| p.parse::<u16>().is_ok());
    (!good).then(|| format!("`{server}` is not host:port"))
}

impl Kafka {
    /// The first broker on another machine, when what goes there is not encrypted.
    #[must_use]
    pub fn overheard(&self) -> Option<&str> {
        if self.protocol().ends_with("ssl") {
            return None;
        }
        let servers = self.bootstrap_servers.split(',').map(str::trim);
        servers
            .filter(|server| !server.is_empty())
            .find(|server| !is_loopback(server))
    }

    /// `plaintext`, `ssl`, `sasl_plaintext` or `sasl_ssl`.
    fn protocol(&self) -> String {
        let set = self.properties.get(PROTOCOL);
        set.map_or_else(|| "plaintext".to_owned(), |p| p.to_lowercase())
    }
}

/// By name alone: a name that has to be looked up may be anybody's.
fn is_loopback(server: &str) -> bool {
    let server = server.rsplit_once("://").map_or(server, |(_, rest)| rest);
    let host = server.rsplit_once(':').map_or(server, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let host = host.strip_suffix('.').unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

impl fmt::Debug for Kafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let properties: &BTreeMap<String, String> = &self.properties;
        f.debug_struct("Kafka")
            .field("bootstrap_servers", &self.bootstrap_servers)
            .field("group_id", &self.group_id)
            .field("instance_id", &self.instance_id)
            .field("allow_plaintext", &self.allow_plaintext)
            .field("properties", &Redacted(properties))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Layers, Settings};

    fn load(text: &str, env: &[(&str, &str)]) -> Result<Settings, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("holdfast.toml");
        std::fs::write(&path, text).unwrap();
        std::fs::write(dir.path().join("password"), "hush\n").unwrap();
        let env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let loaded = Layers::of_file(&path).with_env(env).load();
        loaded
            .map(|loaded| loaded.settings)
            .map_err(|faults| faults.to_string())
    }

    fn with_broker(servers: &str, more: &str) -> Result<Settings, String> {
        load(
            &format!("[kafka]\nbootstrap_servers = {servers:?}\n{more}"),
            &[],
        )
    }

    #[test]
    fn plaintext_to_another_machine_is_refused_unless_allowed() {
        for servers in [
            "kafka:9092",
            "127.0.0.1:1,10.0.0.7:9092",
            "localhost.evil:1",
            "[::2]:1",
        ] {
            for more in [
                "",
                "[kafka.properties]\n\"security.protocol\" = \"SASL_PLAINTEXT\"\n",
            ] {
                let fault = with_broker(servers, more).unwrap_err();
                assert!(
                    fault.contains("not encrypted") && fault.contains("kafka.allow_plaintext"),
                    "{fault}"
                );
            }
            let encrypted = "[kafka.properties]\n\"security.protocol\" = \"SASL_SSL\"\n";
            for more in ["allow_plaintext = true\n", encrypted] {
                assert!(with_broker(servers, more).is_ok(), "{servers} {more}");
            }
        }
    }

    #[test]
    fn the_own_machine_is_reached_in_plaintext() {
        for servers in [
            "localhost:9092",
            "127.0.0.1:1, 127.9.9.9:2",
            "[::1]:9092",
            "PLAINTEXT://LOCALHOST:1",
        ] {
            assert!(with_broker(servers, "").is_ok(), "{servers}");
        }
        // No broker is reached at all.
        let log = load(
            "[source]\nkind = \"log\"\n[kafka]\nbootstrap_servers = \"kafka:9092\"\n",
            &[],
        );
        assert!(log.is_ok());
    }

    #[test]
    fn a_secret_in_the_file_is_refused_and_not_repeated_and_both_ways_are_named() {
        for name in [
            "sasl.password",
            "ssl.key.password",
            "ssl.key.pem",
            "sasl.oauthbearer.client.secret",
        ] {
            let fault =
                load(&format!("[kafka.properties]\n{name:?} = \"hush\"\n"), &[]).unwrap_err();
            let variable = name.to_uppercase().replace('.', "__");
            let ways = [
                format!("{name}_file"),
                format!("HOLDFAST__KAFKA__PROPERTIES__{variable}"),
            ];
            for way in &ways {
                assert!(fault.contains(way.as_str()), "{way} is missing in {fault}");
            }
            assert!(!fault.contains("hush"), "{fault}");
        }
        let fault = with_broker("shop:hush@kafka:9092", "").unwrap_err();
        assert!(!fault.contains("hush"), "{fault}");
        let location = "[snapshot]\nlocation = \"s3://key:hush@bucket/a\"\n";
        let fault = load(location, &[]).unwrap_err();
        assert!(fault.contains("AWS_") && !fault.contains("hush"), "{fault}");
    }

    #[test]
    fn secrets_do_not_show_when_settings_are_printed_for_debugging() {
        let env = [("HOLDFAST__KAFKA__PROPERTIES__SSL__KEY__PASSWORD", "hush")];
        let text = "[kafka.properties]\n\"sasl.password_file\" = \"password\"\n\"sasl.username\" = \"shop\"\n";
        let settings = load(text, &env).unwrap();
        assert_eq!(settings.kafka.properties["sasl.password"], "hush");
        let printed = format!("{settings:?} {:?}", crate::run::client(&settings));
        assert_eq!(printed.matches("(secret)").count(), 4, "{printed}");
        assert!(
            printed.contains("shop") && !printed.contains("hush"),
            "{printed}"
        );
    }
}
