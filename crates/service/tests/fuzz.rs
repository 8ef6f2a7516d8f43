//! What a start reads, changed: snapshots, the state in them, journals, models. Each is refused, or is what it says it is;
//! nothing panics, and no input takes much more memory than it has bytes. `fuzz/engine.rs` of the events crate says how to
//! let this run for hours.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "../../events/tests/fuzz/engine.rs"]
mod engine;
#[path = "stream/stream.rs"]
mod stream;

use std::fs;
use std::path::{Path, PathBuf};

use engine::{Fuzz, corpus};
use holdfast_events::Record;
use holdfast_features::{LOGIC, registry_hash};
use holdfast_model::Model;
use holdfast_policy::journal::Pack;
use holdfast_producer::Outputs;
use holdfast_service::pipeline::{BOOK, DECISIONS, ERASED, Partition, STATE, Settings, TRACKER};
use holdfast_store::{FORMAT, Manifest, PARTITIONER, Packer, Snapshot};
use stream::{DAY, T0, config, event, lines, model};

/// What the whole process may ask the system for beyond what it had before, in MiB: the heaps of all threads, and not the
/// four gigabytes that a length of 32 bits may claim.
const MOST_MB: u64 = 2_048;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn settings() -> Settings {
    Settings::new(&config(), &model(), false).unwrap()
}

/// The greatest size of the address space so far, so that memory that is asked for and not touched counts too.
fn peak_mb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmPeak:")).unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        >> 10
}

fn bounded(run: impl FnOnce()) {
    let before = peak_mb();
    run();
    let grown = peak_mb() - before;
    assert!(grown < MOST_MB, "{grown} MiB for inputs of at most two");
}

fn work(partition: &mut Partition, lines: &[String]) -> Outputs {
    let mut out = Outputs::default();
    for line in lines {
        let (key, value) = line.split_once('\t').unwrap_or(("", line));
        partition.record(
            &Record {
                key: (!key.is_empty()).then_some(key.as_bytes()),
                value: (!value.is_empty()).then_some(value.as_bytes()),
                ..Record::default()
            },
            &mut out,
        );
    }
    out
}

/// A partition with customers, open episodes and erasures in it.
fn busy() -> Partition {
    let mut partition = Partition::new(&settings()).unwrap();
    work(&mut partition, &lines(7, 200, 9, 40));
    partition
}

fn snapshot_of(partition: &mut Partition) -> Vec<u8> {
    let image = partition.begin_image();
    let mut packer = Packer::new(Manifest {
        format: FORMAT.to_owned(),
        logic: LOGIC,
        registry: registry_hash(),
        state_hash: "state".to_owned(),
        app: "shop".to_owned(),
        topic: "events".to_owned(),
        topic_id: None,
        cluster_id: None,
        partition: 0,
        partitions: 1,
        partitioner: PARTITIONER.to_owned(),
        offset: 200,
        byte: None,
        input: None,
        clock: Some(image.clock),
        input_clock: Some(image.input_clock),
        fired: None,
        model_sha256: String::new(),
        model_id: String::new(),
        config_hash: String::new(),
        journal_offset: 0,
        journal_entries: 0,
        customers: partition.customers() as u64,
        created_ms: T0,
        sections: Vec::new(),
    });
    packer.add(ERASED, 0, &image.erased);
    packer.add(DECISIONS, 0, &image.decisions.encode());
    packer.add(TRACKER, 0, &image.tracker.unwrap().encode());
    packer.add(BOOK, 0, &image.book.unwrap().encode());
    let mut pieces = Vec::new();
    while !partition.continue_image(16, &mut pieces) {}
    for piece in &pieces {
        packer.add(STATE, piece.number, &piece.bytes);
    }
    packer.finish().to_vec()
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = corpus(&here("tests/fuzz/corpus"));
    seeds.push(snapshot_of(&mut busy()));
    seeds
}

/// Whoever was restored lives on: events, silence, the end of input.
fn live_on(mut partition: Partition) {
    let later: Vec<String> = (0..9)
        .map(|n| {
            event(
                &format!("c{n}"),
                "support_contact",
                T0 + 50 * DAY + n,
                &format!("later{n}"),
            )
        })
        .collect();
    let mut out = work(&mut partition, &later);
    partition.end_of_input(T0 + 120 * DAY, &mut out);
    assert!(partition.counts().balance());
    snapshot_of(&mut partition);
}

#[test]
fn a_snapshot_that_was_kept_is_the_state_it_was() {
    let kept = fs::read(here("tests/fuzz/corpus/whole.hfs")).unwrap();
    let snapshot = Snapshot::read(kept, None).unwrap();
    assert_eq!(
        snapshot.manifest().logic,
        LOGIC,
        "keep one of the new logic: run the ignored test below"
    );
    let restored = Partition::restore(&settings(), &snapshot).unwrap();
    assert_eq!(restored.digest(), busy().digest());
    live_on(restored);
}

#[test]
#[ignore = "writes the kept snapshot of a new LOGIC"]
fn write_the_kept_snapshot() {
    let path = here("tests/fuzz/corpus/whole.hfs");
    fs::write(path, snapshot_of(&mut busy())).unwrap();
}

/// Without the name, whose hash would tell any change.
#[test]
fn a_changed_snapshot_is_refused_or_is_the_same_state() {
    let settings = settings();
    let digest = busy().digest();
    let fuzz = Fuzz {
        seeds: seeds(),
        words: [
            "\"offset\":",
            "\"sections\":[",
            "\"blocks\":",
            "18446744073709551615",
            "-1",
            "HFSNAPEN",
        ]
        .map(|w| w.as_bytes().to_vec())
        .to_vec(),
    };
    bounded(|| {
        fuzz.run("snapshot", 20_000, |bytes, _| {
            let Ok(snapshot) = Snapshot::read(bytes.to_vec(), None) else {
                return Ok(());
            };
            let clock = snapshot.manifest().clock;
            match Partition::restore(&settings, &snapshot) {
                // The clock stands in the first line, which only the name's hash guards.
                Ok(restored) if restored.digest() == digest || clock != Some(busy().clock()) => {
                    Ok(())
                }
                Ok(_) => Err("another state came out".to_owned()),
                Err(_) => Ok(()),
            }
        });
    });
}

/// Changes inside, with every checksum made anew: as a bug of a writer, or somebody who means it, would leave them.
#[test]
fn a_changed_state_with_right_checksums_is_refused_or_lives_on() {
    let settings = settings();
    let whole = Snapshot::read(snapshot_of(&mut busy()), None).unwrap();
    let sections = [STATE, DECISIONS, ERASED].map(|name| (name, whole.section(name).unwrap()));
    for (index, (name, pieces)) in sections.iter().enumerate() {
        let fuzz = Fuzz {
            seeds: pieces.iter().map(|p| p.bytes.clone()).collect(),
            words: Vec::new(),
        };
        bounded(|| {
            fuzz.run(name, 5_000, |bytes, _| {
                let mut packer = Packer::new(whole.manifest().clone());
                for (other, (name, pieces)) in sections.iter().enumerate() {
                    for (n, piece) in pieces.iter().enumerate() {
                        let changed = other == index && n == 0;
                        packer.add(
                            name,
                            piece.number,
                            if changed { bytes } else { &piece.bytes },
                        );
                    }
                }
                let file = packer.finish().to_vec();
                let snapshot = Snapshot::read(file, None).map_err(|e| e.to_string())?;
                if let Ok(restored) = Partition::restore(&settings, &snapshot) {
                    live_on(restored);
                }
                Ok(())
            });
        });
    }
}

#[test]
fn a_changed_journal_is_refused_or_reads_back_as_it_was_read() {
    let text = fs::read_to_string(here("../../schemas/examples/journal.jsonl")).unwrap();
    let fuzz = Fuzz {
        seeds: text.lines().map(|l| l.as_bytes().to_vec()).collect(),
        words: [
            "null",
            "-1",
            "9223372036854775808",
            "1e400",
            "[",
            "{",
            "\"v\":",
            "\"entries\":[",
        ]
        .map(|w| w.as_bytes().to_vec())
        .to_vec(),
    };
    bounded(|| {
        fuzz.run("journal", 30_000, |bytes, _| {
            let Ok(pack) = Pack::from_bytes(bytes) else {
                return Ok(());
            };
            let Some(record) = pack.to_records(usize::MAX).pop() else {
                return Ok(()); // without entries there is nothing to write
            };
            let again = Pack::from_bytes(&record).map_err(|e| e.to_string())?;
            (again == pack)
                .then_some(())
                .ok_or_else(|| format!("{again:?}, not {pack:?}"))
        });
    });
}

#[test]
fn a_changed_model_is_refused_or_gives_probabilities() {
    let fuzz = Fuzz {
        seeds: ["every-kind.json", "plain-model.json"]
            .map(|name| fs::read(stream::fixture(name)).unwrap())
            .to_vec(),
        words: [
            "1e308",
            "-1e308",
            "1e-320",
            "null",
            "NaN",
            "0",
            "\"scale\":",
            "\"mean\":",
            "\"clip\":[1,0]",
        ]
        .map(|w| w.as_bytes().to_vec())
        .to_vec(),
    };
    let stream = lines(3, 60, 3, 40);
    bounded(|| {
        fuzz.run("model", 3_000, |bytes, _| {
            let Ok(model) = Model::from_json(bytes) else {
                return Ok(());
            };
            let Ok(settings) = Settings::new(&config(), &model, false) else {
                return Ok(());
            };
            let mut partition = Partition::new(&settings).map_err(|e| format!("{e:#}"))?;
            let mut out = work(&mut partition, &stream);
            partition.end_of_input(T0 + 90 * DAY, &mut out);
            for alert in &out.alerts {
                let value: serde_json::Value = serde_json::from_slice(&alert.value).unwrap();
                let p = value["churn_probability"].as_f64().unwrap_or(f64::NAN);
                if !(0.0..=1.0).contains(&p) {
                    return Err(value.to_string());
                }
            }
            Ok(())
        });
    });
}
