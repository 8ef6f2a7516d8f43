//! What is fed, and what has to come of it.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use holdfast_consumer::{OwnedRecord, murmur2_partition};

use crate::process::succeed;
use crate::shop::{EVENT_CLOCK, Shop, binary, plain_model};

pub(crate) const PARTITIONS: u32 = 4;
/// Every so many events comes a record that cannot be used.
const BAD_EVERY: usize = 500;

/// Values by customer, in order.
type ByCustomer = BTreeMap<String, Vec<String>>;

/// Events of a made-up shop with bad records among them, and the outputs of an undisturbed run over them.
pub(crate) struct Scene {
    pub(crate) path: PathBuf,
    /// Records of each partition.
    pub(crate) ends: Vec<i64>,
    alerts: ByCustomer,
    /// Value and reason.
    letters: Vec<(String, String)>,
}

/// How a subscriber's view differs from that of an undisturbed run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) lost: usize,
    pub(crate) doubled: usize,
    /// Nobody should have sent it.
    pub(crate) foreign: usize,
    /// Customers whose alerts are not in order.
    pub(crate) disordered: usize,
}

impl Scene {
    pub(crate) fn new(dir: &Path, customers: u32, seed: u64) -> Self {
        let events = dir.join(format!("events-{customers}-{seed}.jsonl"));
        let generated = Command::new(binary())
            .args(["generate", "--days", "120", "--customers"])
            .args([customers.to_string(), "--seed".to_owned(), seed.to_string()])
            .arg("--out")
            .arg(&events)
            .stderr(Stdio::null())
            .status();
        assert!(generated.unwrap().success());
        let path = events.with_extension("tsv");
        let ends = spoil(&events, &path);
        fs::remove_file(&events).unwrap();
        let out = replay(dir, &path);
        let lines = |name: &str| fs::read_to_string(out.join(name)).unwrap();
        let alerts = by_customer(lines("alerts.jsonl").lines().map(str::to_owned));
        let mut letters: Vec<(String, String)> =
            lines("dead-letters.jsonl").lines().map(letter).collect();
        letters.sort();
        fs::remove_dir_all(out).unwrap();
        assert!(!alerts.is_empty() && !letters.is_empty());
        Self {
            path,
            ends,
            alerts,
            letters,
        }
    }

    pub(crate) fn records(&self) -> usize {
        usize::try_from(self.ends.iter().sum::<i64>()).unwrap()
    }

    /// Compares with what is in the topics now.
    pub(crate) fn judge(&self, shop: &Shop) -> Difference {
        let text = |bytes: Option<Vec<u8>>| String::from_utf8(bytes.unwrap()).unwrap();
        let alerts = shop.read(&shop.alerts()).into_iter();
        let seen = by_customer(alerts.map(|record| text(record.value)));
        let mut difference = Difference::default();
        for customer in self
            .alerts
            .keys()
            .chain(seen.keys().filter(|id| !self.alerts.contains_key(*id)))
        {
            let of = |all: &ByCustomer| all.get(customer).cloned().unwrap_or_default();
            difference.add(&of(&self.alerts), &of(&seen));
        }
        let mut letters: Vec<(String, String)> = shop
            .read(&shop.dead_letters())
            .into_iter()
            .map(|record| (reason(&record), text(record.value)))
            .map(|(reason, value)| (value, reason))
            .collect();
        letters.sort();
        difference.add(&self.letters, &letters);
        difference
    }
}

impl Difference {
    #[expect(
        clippy::print_stdout,
        reason = "the customers are made up, and somebody has to see what differs"
    )]
    fn add<T: Ord + Clone + Debug>(&mut self, want: &[T], seen: &[T]) {
        let count = |list: &[T]| {
            let mut counts: BTreeMap<T, usize> = BTreeMap::new();
            for value in list {
                *counts.entry(value.clone()).or_default() += 1;
            }
            counts
        };
        let (wanted, found) = (count(want), count(seen));
        for (value, times) in &wanted {
            let there = found.get(value).copied().unwrap_or(0);
            if there < *times {
                println!("lost: {value:?}");
            }
            self.lost += times.saturating_sub(there);
            self.doubled += there.saturating_sub(*times);
        }
        let foreign = found
            .iter()
            .filter(|(value, _)| !wanted.contains_key(value));
        for (value, times) in foreign {
            println!("foreign: {value:?}");
            self.foreign += times;
        }
        self.disordered += usize::from(wanted == found && want != seen);
    }

    pub(crate) fn is_none(self) -> bool {
        self == Self::default()
    }
}

/// Writes `key<TAB>value` lines with records among them that cannot be used; the number of records by partition.
fn spoil(from: &Path, to: &Path) -> Vec<i64> {
    let text = fs::read_to_string(from).unwrap();
    let mut ends = vec![0; PARTITIONS as usize];
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut line = |key: &str, value: &str| {
        ends[murmur2_partition(key.as_bytes(), PARTITIONS) as usize] += 1;
        writeln!(out, "{key}\t{value}").unwrap();
    };
    for (number, value) in text.lines().enumerate() {
        let id = field(value, "\"customer_id\":\"");
        line(id, value);
        if number % BAD_EVERY == 0 {
            let bad = match number / BAD_EVERY % 3 {
                0 => format!("{{\"event_id\":\"bad{number}"),
                1 => format!(
                    "{{\"event_id\":\"bad{number}\",\"customer_id\":\"{id}\",\"type\":\"page_view\",\"ts\":-1}}"
                ),
                _ => format!(
                    "{{\"event_id\":\"bad{number}\",\"customer_id\":\"{id}\",\"ts\":1767225600000}}"
                ),
            };
            line(id, &bad);
        }
    }
    fs::write(to, out).unwrap();
    ends
}

/// An undisturbed run over the same records; the directory of its outputs.
fn replay(dir: &Path, events: &Path) -> PathBuf {
    let out = events.with_extension("replay");
    let shop = Shop::without_topics("oracle", &plain_model(), EVENT_CLOCK);
    succeed(
        Command::new(binary())
            .args([
                "replay",
                "--partitions",
                &PARTITIONS.to_string(),
                "--events",
            ])
            .arg(events)
            .arg("--config")
            .arg(shop.config(""))
            .arg("--out-dir")
            .arg(&out)
            .current_dir(dir),
    );
    out
}

fn by_customer(values: impl Iterator<Item = String>) -> ByCustomer {
    let mut all = ByCustomer::new();
    for value in values {
        let id = field(&value, "\"customer_id\":\"").to_owned();
        all.entry(id).or_default().push(value);
    }
    all
}

fn letter(line: &str) -> (String, String) {
    let letter: serde_json::Value = serde_json::from_str(line).unwrap();
    let text = |name: &str| letter[name].as_str().unwrap().to_owned();
    (text("value"), text("reason"))
}

fn reason(record: &OwnedRecord) -> String {
    let header = record
        .headers
        .iter()
        .find(|(name, _)| name == "holdfast.error.reason");
    String::from_utf8(header.unwrap().1.clone().unwrap()).unwrap()
}

/// What stands between `prefix` and the next quotation mark.
fn field<'a>(text: &'a str, prefix: &str) -> &'a str {
    let from = text.find(prefix).expect(prefix) + prefix.len();
    let end = text[from..].find('"').unwrap();
    &text[from..from + end]
}
