//! A broker of the test's own, which it may stop, or set up otherwise.

use std::hash::{BuildHasher, RandomState};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::shop::root;

/// Below the ports that systems give out by themselves, so that nobody gets one while the broker is down.
const PORTS: std::ops::Range<u16> = 20_000..32_000;
/// Ports of one broker: clients, controller, and two for listeners of the test.
const EACH: u16 = 4;

pub(crate) struct Broker {
    dir: PathBuf,
    port: u16,
    extra: String,
    format: String,
}

impl Broker {
    /// Starts one without data, on free ports from the one given to `extra` on, whose lines go to its properties.
    pub(crate) fn start(name: &str, extra: impl Fn(u16) -> String) -> Self {
        Self::start_formatted(name, "", extra)
    }

    /// `format` goes to the storage's format.
    pub(crate) fn start_formatted(name: &str, format: &str, extra: impl Fn(u16) -> String) -> Self {
        let dir = root().join(format!(".kafka/{name}-{}", std::process::id()));
        let mut broker = Self {
            dir,
            port: 0,
            extra: String::new(),
            format: format.to_owned(),
        };
        // Others look for ports as well, so one may be taken between the look and the start.
        for _ in 0..3 {
            broker.port = free_port();
            broker.extra = extra(broker.port);
            broker.script("sweep");
            broker.script("wipe");
            if broker.try_script("start").status.success() {
                return broker;
            }
        }
        broker.script("start");
        broker
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The first of its ports.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Runs a sub-command of `kafka.sh`.
    pub(crate) fn script(&self, command: &str) {
        let output = self.try_script(command);
        assert!(
            output.status.success(),
            "{command}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    fn try_script(&self, command: &str) -> Output {
        Command::new(root().join("benches/kafka/kafka.sh"))
            .arg(command)
            .env("KAFKA_DIR", &self.dir)
            .env("KAFKA_PORT", self.port.to_string())
            .env("KAFKA_HEAP", "384m")
            .env("KAFKA_EXTRA", &self.extra)
            .env("KAFKA_FORMAT", &self.format)
            .output()
            .unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = std::fs::read_to_string(self.dir.join("kafka.pid")).unwrap();
        assert!(
            Command::new("kill")
                .args(["-s", name, pid.trim()])
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.try_script("wipe");
        std::fs::remove_dir_all(&self.dir).ok();
    }
}

/// The first of as many free ports as a broker needs.
fn free_port() -> u16 {
    loop {
        let random = RandomState::new().hash_one(0) % u64::from(PORTS.end - PORTS.start - EACH);
        let port = PORTS.start + u16::try_from(random).unwrap();
        let free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if (port..port + EACH).all(free) {
            return port;
        }
    }
}
