//! A broker of the test's own, which it may stop, or set up otherwise.

use std::path::PathBuf;
use std::process::Command;

use crate::shop::root;

pub(crate) struct Broker {
    dir: PathBuf,
    port: u16,
    extra: String,
}

impl Broker {
    /// Starts one without data; `extra` are lines of its properties.
    pub(crate) fn start(name: &str, port: u16, extra: &str) -> Self {
        let dir = root().join(".kafka").join(name);
        let broker = Self {
            dir,
            port,
            extra: extra.to_owned(),
        };
        broker.script("wipe");
        broker.script("start");
        broker
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Runs a sub-command of `kafka.sh`.
    pub(crate) fn script(&self, command: &str) {
        let output = Command::new(root().join("benches/kafka/kafka.sh"))
            .arg(command)
            .env("KAFKA_DIR", &self.dir)
            .env("KAFKA_PORT", self.port.to_string())
            .env("KAFKA_HEAP", "384m")
            .env("KAFKA_EXTRA", &self.extra)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{command}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
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
        self.script("wipe");
    }
}
