//! Snapshots of earlier versions: today's is still read as it was written, and goes on as it did then. What this
//! version makes of the same events has to be the same pieces, or old snapshots would silently mean something else.

#![allow(clippy::unwrap_used)] // in helpers of tests

#[path = "stream/stream.rs"]
mod stream;

use std::fs;
use std::path::PathBuf;

use holdfast_events::Record;
use holdfast_features::{LOGIC, registry_hash};
use holdfast_producer::Outputs;
use holdfast_service::pipeline::{BOOK, DECISIONS, ERASED, Partition, STATE, Settings, TRACKER};
use holdfast_store::{
    FORMAT, Listed, Manifest, PARTITIONER, Packed, Packer, Piece, Snapshot, Wanted, choose,
};
use stream::{config, model};

/// Lines of the golden events that are in the snapshot.
const CUT: usize = 400;

const WHAT_TO_DO: &str = "
The layout or the meaning of the state is not what it was when the golden snapshot was written. If that is meant:
  1. raise LOGIC in crates/features/src/image.rs, so that old snapshots are refused and not misread;
  2. write golden files of the new LOGIC beside the old ones, and commit them:
     cargo test -p holdfast-service --test golden -- --ignored write_the_golden_files
If the feature registry changed (its hash refuses old snapshots by itself), or an alert's text did, remove the files of
today's LOGIC first and write them anew. If nothing of this was meant, it is a fault.
";

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

fn golden(logic: u32, what: &str) -> Vec<u8> {
    let name = format!("logic-{logic}{what}");
    fs::read(path(&name)).unwrap_or_else(|e| panic!("{name}: {e}\n{WHAT_TO_DO}"))
}

fn settings() -> Settings {
    Settings::new(&config(), &model(), false).unwrap()
}

fn work(partition: &mut Partition, lines: &[String], from: usize) -> Vec<u8> {
    let mut out = Outputs::default();
    for (offset, line) in (0..).zip(lines).skip(from) {
        let (key, value) = line.split_once('\t').unwrap_or(("", line));
        let record = Record {
            offset,
            key: (!key.is_empty()).then_some(key.as_bytes()),
            value: (!value.is_empty()).then_some(value.as_bytes()),
            ..Record::default()
        };
        partition.record(&record, &mut out);
    }
    let mut text = Vec::new();
    for alert in out.alerts {
        text.extend(alert.value);
        text.push(b'\n');
    }
    text
}

fn end(partition: &mut Partition) -> Vec<u8> {
    let mut out = Outputs::default();
    partition.end_of_input(partition.clock(), &mut out);
    let lines = out
        .alerts
        .into_iter()
        .flat_map(|alert| [alert.value, b"\n".to_vec()]);
    lines.flatten().collect()
}

fn events(logic: u32) -> Vec<String> {
    let text = String::from_utf8(golden(logic, ".events.jsonl")).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// The state of these events, as a file.
fn packed(partition: &mut Partition, settings: &Settings) -> Packed {
    let mut pieces = Vec::new();
    let image = partition.begin_image();
    while !partition.continue_image(64, &mut pieces) {}
    let mut packer = Packer::new(Manifest {
        format: FORMAT.to_owned(),
        logic: LOGIC,
        registry: registry_hash(),
        state_hash: settings.state_hash().to_owned(),
        app: "golden".to_owned(),
        topic: "events".to_owned(),
        topic_id: None,
        cluster_id: None,
        partition: 0,
        partitions: 1,
        partitioner: PARTITIONER.to_owned(),
        offset: CUT as i64,
        byte: None,
        input: None,
        clock: Some(image.clock),
        input_clock: None,
        fired: None,
        model_sha256: settings.model().sha256().to_owned(),
        model_id: settings.model().id().to_owned(),
        config_hash: settings.decision_hash().to_owned(),
        journal_offset: 0,
        journal_entries: 0,
        customers: partition.customers() as u64,
        created_ms: image.clock,
        sections: Vec::new(),
    });
    packer.add(ERASED, 0, &image.erased);
    packer.add(DECISIONS, 0, &image.decisions.encode());
    packer.add(TRACKER, 0, &image.tracker.unwrap().encode());
    packer.add(BOOK, 0, &image.book.unwrap().encode());
    for piece in pieces {
        packer.add(STATE, piece.number, &piece.bytes);
    }
    packer.finish()
}

fn sections(snapshot: &Snapshot) -> Vec<(&'static str, Vec<Piece>)> {
    let read = |name| (name, snapshot.section(name).unwrap());
    [ERASED, DECISIONS, TRACKER, BOOK, STATE].map(read).into()
}

fn restored(logic: u32) -> (Snapshot, Result<Partition, String>) {
    let file = golden(logic, ".hfs");
    let read = Snapshot::read(file, None);
    let snapshot = read.unwrap_or_else(|fault| panic!("{fault}\n{WHAT_TO_DO}"));
    let partition = Partition::restore(&settings(), &snapshot);
    (snapshot, partition)
}

#[test]
fn the_golden_snapshot_is_read_and_goes_on_with_the_alerts_of_its_day() {
    let (snapshot, partition) = restored(LOGIC);
    assert_eq!(
        snapshot.manifest().registry,
        registry_hash(),
        "{WHAT_TO_DO}"
    );
    let mut partition = partition.unwrap_or_else(|fault| panic!("{fault}\n{WHAT_TO_DO}"));
    let mut alerts = work(&mut partition, &events(LOGIC), CUT);
    alerts.extend(end(&mut partition));
    assert!(!alerts.is_empty());
    let same = alerts == golden(LOGIC, ".alerts.jsonl");
    assert!(same, "it goes on with other alerts\n{WHAT_TO_DO}");
}

#[test]
fn the_same_events_make_the_pieces_of_the_golden_snapshot() {
    let (snapshot, _) = restored(LOGIC);
    let settings = settings();
    let mut partition = Partition::new(&settings).unwrap();
    work(&mut partition, &events(LOGIC)[..CUT], 0);
    let dir = tempfile::tempdir().unwrap();
    let fresh = stored(dir.path(), &packed(&mut partition, &settings));
    for ((name, old), (_, new)) in sections(&snapshot).iter().zip(sections(&fresh)) {
        assert!(*old == new, "section {name} has other bytes\n{WHAT_TO_DO}");
    }
}

/// Through a store and back, as nothing else gives a file of what was packed.
fn stored(dir: &std::path::Path, packed: &Packed) -> Snapshot {
    let place = holdfast_store::Location::Directory(dir.to_owned());
    let store = holdfast_store::Snapshots::create(&place, "golden", "events").unwrap();
    let name = store.publish(packed).unwrap().name;
    store.load(&name).unwrap()
}

#[test]
fn a_snapshot_of_another_logic_is_refused_in_words() {
    let (snapshot, _) = restored(LOGIC);
    let older = LOGIC - 1;
    let mut packer = Packer::new(Manifest {
        logic: older,
        sections: Vec::new(),
        ..snapshot.manifest().clone()
    });
    for (name, pieces) in sections(&snapshot) {
        for mut piece in pieces {
            if name == STATE {
                piece.bytes[..4].copy_from_slice(&older.to_le_bytes());
            }
            packer.add(name, piece.number, &piece.bytes);
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let old = stored(dir.path(), &packer.finish());
    let fault = Partition::restore(&settings(), &old).unwrap_err();
    assert!(fault.contains(&format!("logic {older}")), "{fault}");
    let place = holdfast_store::Location::Directory(dir.path().to_owned());
    let store = holdfast_store::Snapshots::open(&place, "golden", "events").unwrap();
    let listed: Vec<Listed> = store.list(None).unwrap();
    let manifest = snapshot.manifest();
    let wanted = Wanted {
        partition: 0,
        partitions: 1,
        topic_id: None,
        cluster_id: None,
        logic: LOGIC,
        registry: manifest.registry.clone(),
        state_hash: manifest.state_hash.clone(),
        at_most_offset: i64::MAX,
        at_most_entries: None,
    };
    let choice = choose(&listed, &wanted);
    assert!(choice.candidates.is_empty());
    let why = choice.refused[0].1.to_string();
    let words = format!("other logic: state of version {older}, this program has version {LOGIC}");
    assert_eq!(why, words);
}

#[test]
fn of_all_golden_snapshots_only_those_of_todays_logic_are_read() {
    let names = fs::read_dir(path(""))
        .unwrap()
        .map(|e| e.unwrap().file_name());
    let logics = names.filter_map(|name| {
        let name = name.into_string().ok()?;
        let number = name.strip_prefix("logic-")?.strip_suffix(".hfs")?;
        number.parse::<u32>().ok()
    });
    let mut logics: Vec<u32> = logics.collect();
    logics.sort_unstable();
    assert_eq!(logics.last(), Some(&LOGIC), "{WHAT_TO_DO}");
    for logic in logics {
        let refused = restored(logic).1.err();
        let other = refused.is_some_and(|fault| fault.contains(&format!("logic {logic}")));
        assert_eq!(other, logic != LOGIC, "logic {logic}");
    }
}

#[test]
#[ignore = "writes the golden files of a new LOGIC"]
fn write_the_golden_files() {
    let settings = settings();
    let lines = stream::lines(11, 600, 24, 90);
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let mut partition = Partition::new(&settings).unwrap();
    work(&mut partition, &lines[..CUT], 0);
    let packed = packed(&mut partition, &settings);
    let mut alerts = work(&mut partition, &lines, CUT);
    alerts.extend(end(&mut partition));
    let name = |what: &str| path(&format!("logic-{LOGIC}{what}"));
    assert!(!name(".hfs").exists(), "those of LOGIC {LOGIC} are there");
    let dir = tempfile::tempdir().unwrap();
    let place = holdfast_store::Location::Directory(dir.path().to_owned());
    let store = holdfast_store::Snapshots::create(&place, "golden", "events").unwrap();
    let stored = store.publish(&packed).unwrap().name;
    fs::create_dir_all(path("")).unwrap();
    fs::copy(dir.path().join(stored.to_string()), name(".hfs")).unwrap();
    fs::write(name(".events.jsonl"), text).unwrap();
    fs::write(name(".alerts.jsonl"), alerts).unwrap();
}
