//! What every test needs: topics of its own, a configuration, the binary, and the alert topic read back.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use holdfast_consumer::{KafkaSettings, LineBatch, LineReader, OwnedRecord, read_topic};
use holdfast_producer::{Admin, Feeder, Outgoing, Stream, TopicSpec};

pub(crate) use crate::process::Running;
use crate::process::succeed;

pub(crate) const PATIENCE: Duration = Duration::from_secs(150);

/// One test's topics, directory and names. Topics are removed at the end.
pub(crate) struct Shop {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) id: String,
    pub(crate) broker: String,
    extra: String,
    model: PathBuf,
    /// Whether the streams beside alerts have topics.
    pub(crate) streams: bool,
}

pub(crate) fn broker() -> String {
    std::env::var("HOLDFAST_TEST_KAFKA").unwrap_or_else(|_| "127.0.0.1:19092".to_owned())
}

pub(crate) fn binary() -> PathBuf {
    std::env::var_os("HOLDFAST_TEST_BINARY").map_or_else(
        || PathBuf::from(env!("CARGO_BIN_EXE_holdfast")),
        PathBuf::from,
    )
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

impl Shop {
    /// A shop without topics, and the settings of its `[policy]`, `[silence]` and so on as TOML.
    pub(crate) fn without_topics(name: &str, model: &Path, extra: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let id = format!("test-{name}-{}-{count}", std::process::id());
        let dir = tempfile::tempdir().unwrap();
        Self {
            dir,
            id,
            broker: broker(),
            streams: false,
            extra: extra.to_owned(),
            model: model.canonicalize().unwrap(),
        }
    }

    pub(crate) fn set_model(&mut self, model: &Path) {
        self.model = model.canonicalize().unwrap();
    }

    pub(crate) fn new(name: &str, partitions: i32, model: &Path, extra: &str) -> Self {
        let shop = Self::without_topics(name, model, extra);
        shop.create_topics(partitions);
        shop
    }

    pub(crate) fn create_topics(&self, partitions: i32) {
        let admin = Admin::new(&self.client()).unwrap();
        let others = [self.alerts(), self.dead_letters(), self.journal()];
        let partials = self.stream(Stream::Partials);
        let streams = Stream::ALL.into_iter().filter(|_| self.streams);
        let streams = streams.map(|stream| self.stream(stream));
        for name in others.into_iter().chain(streams).chain([self.input()]) {
            let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            // Only the input takes large records; that a dead letter has to fit is the sink's business.
            let config = if name == self.input() {
                let kept = setting("retention.ms", "-1");
                [kept, setting("max.message.bytes", "4000000")].into()
            } else {
                BTreeMap::new()
            };
            admin
                .create(
                    &TopicSpec {
                        partitions: if name == partials { 1 } else { partitions },
                        name,
                        replication: 1,
                        config,
                    },
                    false,
                )
                .unwrap();
        }
    }

    pub(crate) fn input(&self) -> String {
        format!("{}.events", self.id)
    }

    pub(crate) fn alerts(&self) -> String {
        format!("{}.at-risk", self.id)
    }

    /// The topic of a stream; most tests are about alerts and do without.
    pub(crate) fn stream(&self, stream: Stream) -> String {
        match self.streams {
            true => format!("{}.{stream}", self.id),
            false => "off".to_owned(),
        }
    }

    pub(crate) fn dead_letters(&self) -> String {
        format!("{}.events.dlq", self.id)
    }

    pub(crate) fn journal(&self) -> String {
        format!("{}.journal", self.id)
    }

    pub(crate) fn client(&self) -> KafkaSettings {
        KafkaSettings {
            bootstrap_servers: self.broker.clone(),
            topic: self.input(),
            group_id: self.id.clone(),
            instance_id: format!("{}-0", self.id),
            properties: BTreeMap::new(),
        }
    }

    /// Writes the configuration; `more` comes behind everything.
    pub(crate) fn config(&self, more: &str) -> PathBuf {
        let path = self.dir.path().join("holdfast.toml");
        let text = format!(
            "[app]\nid = {:?}\n[kafka]\nbootstrap_servers = {:?}\n[topics]\ninput = {:?}\nalerts = {:?}\n{}\
             [http]\nlisten = \"off\"\n[model]\npath = {:?}\n{}\n{more}",
            self.id,
            self.broker,
            self.input(),
            self.alerts(),
            Stream::ALL
                .map(|s| format!("{s} = {:?}\n", self.stream(s)))
                .concat(),
            self.model,
            self.extra
        );
        // Another process may be reading it.
        if fs::read_to_string(&path).ok().as_ref() != Some(&text) {
            fs::write(&path, text).unwrap();
        }
        path
    }

    /// Sends the lines of a file, in order; `key<TAB>value`, or values whose key is their customer id.
    pub(crate) fn load(&self, path: &Path) -> usize {
        self.load_range(path, 0, usize::MAX)
    }

    pub(crate) fn load_range(&self, path: &Path, from: usize, to: usize) -> usize {
        let feeder = Feeder::new(&self.client()).unwrap();
        let mut reader = LineReader::open(path).unwrap();
        let mut batch = LineBatch::default();
        let (mut line, mut sent) = (0, 0);
        while reader.read_batch(&mut batch).unwrap() {
            for record in batch.records() {
                if line >= from && line < to {
                    let key = record
                        .key
                        .map(<[u8]>::to_vec)
                        .or_else(|| customer(record.value?));
                    let outgoing = Outgoing {
                        key: key.as_deref(),
                        value: record.value,
                        ..Outgoing::default()
                    };
                    feeder.send(&self.input(), outgoing).unwrap();
                    sent += 1;
                }
                line += 1;
            }
        }
        feeder.finish().unwrap();
        sent
    }

    pub(crate) fn send(&self, records: &[Outgoing<'_>]) {
        let feeder = Feeder::new(&self.client()).unwrap();
        for record in records {
            feeder.send(&self.input(), *record).unwrap();
        }
        feeder.finish().unwrap();
    }

    /// Everything of a topic that a read_committed subscriber sees. A broker that comes back may leave the first
    /// clients that ask without an answer, so a silent one is asked anew.
    pub(crate) fn read(&self, topic: &str) -> Vec<OwnedRecord> {
        wait_for("an answer about the topic", || {
            let mut out = Vec::new();
            let read = read_topic(&self.client(), topic, Duration::from_secs(10), |record| {
                out.push(record);
                true
            });
            read.ok().map(|()| out)
        })
    }

    /// Alert values, sorted.
    pub(crate) fn alert_values(&self) -> Vec<String> {
        self.values(&self.alerts())
    }

    /// Values of a topic, sorted.
    pub(crate) fn values(&self, topic: &str) -> Vec<String> {
        let mut values: Vec<String> = self
            .read(topic)
            .into_iter()
            .map(|r| String::from_utf8(r.value.unwrap()).unwrap())
            .collect();
        values.sort();
        values
    }

    pub(crate) fn run(&self, more: &str, args: &[&str]) -> Output {
        let mut command = self.command(&self.config(more), args);
        command.output().unwrap()
    }

    pub(crate) fn run_to_end(&self) -> Output {
        let output = self.run("", &["--until-end"]);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output
    }

    fn command(&self, config: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .arg("run")
            .arg("--config")
            .arg(config)
            .args(args)
            .stdin(Stdio::null());
        command
    }

    /// Starts a run that goes on until it is told to stop.
    pub(crate) fn start(&self, more: &str, args: &[&str]) -> Running {
        self.start_with(more, args, &[])
    }

    pub(crate) fn start_with(&self, more: &str, args: &[&str], env: &[(&str, &str)]) -> Running {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let log = self
            .dir
            .path()
            .join(format!("run-{}.log", COUNT.fetch_add(1, Ordering::Relaxed)));
        let file = File::create(&log).unwrap();
        let mut command = self.command(&self.config(more), args);
        command.envs(env.iter().copied());
        let child = command.stdout(Stdio::null()).stderr(file).spawn().unwrap();
        Running::new(child, log)
    }

    /// Waits until the alert topic has at least so many records.
    pub(crate) fn wait_for_alerts(&self, count: usize) -> usize {
        wait_for(&format!("{count} alerts"), || {
            Some(self.read(&self.alerts()).len()).filter(|n| *n >= count)
        })
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        if let Ok(admin) = Admin::new(&self.client()) {
            admin
                .delete(&[
                    &self.input(),
                    &self.alerts(),
                    &self.dead_letters(),
                    &self.journal(),
                ])
                .ok();
        }
    }
}

pub(crate) fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "no {what} within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn customer(value: &[u8]) -> Option<Vec<u8>> {
    let event: serde_json::Value = serde_json::from_slice(value).ok()?;
    Some(event.get("customer_id")?.as_str()?.as_bytes().to_vec())
}

/// A model written by hand, for tests that need decisions and not their quality: the longer without a purchase,
/// the likelier gone; 22 days are enough.
pub(crate) fn plain_model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/plain-model.json")
}

/// Only events move time: nothing depends on when a test runs.
pub(crate) const EVENT_CLOCK: &str = "[silence]\nclock = \"event\"\n";

/// A made-up shop's events, the same each time.
pub(crate) fn generated(dir: &Path, customers: u32) -> PathBuf {
    let path = dir.join("events.jsonl");
    let status = Command::new(binary())
        .args([
            "generate",
            "--customers",
            &customers.to_string(),
            "--days",
            "120",
            "--seed",
            "3",
            "--out",
        ])
        .arg(&path)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    path
}

/// What `replay` makes of the same events: alert values, sorted.
pub(crate) fn replayed(shop: &Shop, events: &Path) -> Vec<String> {
    replayed_file(shop, events, "alerts.jsonl")
}

/// Lines of one of the files that it makes, sorted.
pub(crate) fn replayed_file(shop: &Shop, events: &Path, name: &str) -> Vec<String> {
    let out = shop.dir.path().join("replay");
    succeed(
        Command::new(binary())
            .args(["replay", "--partitions", "3", "--events"])
            .arg(events)
            .arg("--config")
            .arg(shop.config(""))
            .arg("--out-dir")
            .arg(&out),
    );
    let mut values: Vec<String> = fs::read_to_string(out.join(name))
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    values.sort();
    values
}

/// Fails with the first difference instead of two long lists.
pub(crate) fn assert_same(got: &[String], want: &[String]) {
    let missing = want.iter().find(|value| got.binary_search(value).is_err());
    let extra = got.iter().find(|value| want.binary_search(value).is_err());
    assert!(
        missing.is_none() && extra.is_none(),
        "missing: {missing:#?}\nnot wanted: {extra:#?}"
    );
    assert_eq!(got.len(), want.len(), "some came twice");
    assert!(!want.is_empty(), "the test shows nothing without alerts");
}

/// An event's JSON.
pub(crate) fn event(id: &str, customer: &str, kind: &str, ts: i64, more: &str) -> String {
    format!(
        "{{\"event_id\":\"{id}\",\"customer_id\":\"{customer}\",\"type\":\"{kind}\",\"ts\":{ts}{more}}}"
    )
}
