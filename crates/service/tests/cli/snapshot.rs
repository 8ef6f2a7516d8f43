use std::fs;
use std::path::{Path, PathBuf};

use holdfast_store::{FORMAT, Location, Manifest, PARTITIONER, Packer, Snapshots};

use crate::ran::{Ran, done, run, shop, text};

/// A configuration whose snapshots are these: partition and offset.
struct Kept {
    dir: tempfile::TempDir,
    config: PathBuf,
}

impl Kept {
    fn new(snapshots: &[(i32, i64)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("holdfast.toml");
        fs::write(&config, "[app]\nid = \"shop\"\n").unwrap();
        let location = Location::Directory(dir.path().join("snapshots"));
        let store = Snapshots::create(&location, "shop", "events").unwrap();
        for (partition, offset) in snapshots {
            let mut packer = Packer::new(manifest(*partition, *offset));
            packer.add("state", 0, &[7; 3_000]);
            store.publish(&packer.finish()).unwrap();
        }
        Self { dir, config }
    }

    fn run(&self, args: &[&str]) -> Ran {
        run(&[&["snapshot"][..], args, &["--config", text(&self.config)]].concat())
    }

    /// Changes a byte near the end of the newest file of a partition.
    fn damage(&self, partition: i32) {
        let folder = format!("snapshots/shop/events/{partition}");
        let files = fs::read_dir(self.dir.path().join(folder)).unwrap();
        let newest = files.map(|f| f.unwrap().path()).max().unwrap();
        let mut bytes = fs::read(&newest).unwrap();
        let at = bytes.len() - 40;
        bytes[at] ^= 1;
        fs::write(newest, bytes).unwrap();
    }
}

fn manifest(partition: i32, offset: i64) -> Manifest {
    Manifest {
        format: FORMAT.to_owned(),
        logic: 1,
        registry: String::new(),
        state_hash: String::new(),
        app: "shop".to_owned(),
        topic: "events".to_owned(),
        topic_id: None,
        cluster_id: None,
        input: None,
        partition,
        partitions: 2,
        partitioner: PARTITIONER.to_owned(),
        offset,
        byte: None,
        clock: Some(1_767_225_600_000),
        input_clock: None,
        fired: None,
        model_sha256: String::new(),
        model_id: String::new(),
        config_hash: String::new(),
        journal_offset: 0,
        journal_entries: 0,
        customers: 1_234,
        created_ms: 1_767_225_600_000,
        sections: Vec::new(),
    }
}

#[test]
fn snapshots_are_listed_newest_first_for_people_and_for_machines() {
    let kept = Kept::new(&[(0, 5), (0, 90), (1, 7)]);
    let listed = kept.run(&["list"]);
    assert_eq!(listed.code, 0, "{}", listed.stderr);
    let lines: Vec<&str> = listed.stdout.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("shop/events/0/00000000000000000090-1-"));
    assert!(lines[0].contains("1 234 customers, clock 2026-01-01T00:00:00Z"));
    assert!(
        listed.stderr.contains("3 snapshots in"),
        "{}",
        listed.stderr
    );
    let one = kept.run(&["list", "--partition", "1", "--json"]).stdout;
    let one: serde_json::Value = serde_json::from_str(&one).unwrap();
    assert_eq!(one["manifest"]["offset"], 7);
}

#[test]
fn a_damaged_snapshot_fails_the_verification_and_is_named() {
    let kept = Kept::new(&[(0, 5), (1, 7)]);
    assert_eq!(kept.run(&["verify"]).code, 0);
    kept.damage(1);
    let verified = kept.run(&["verify"]);
    assert_eq!(verified.code, 1);
    let bad: Vec<&str> = verified
        .stdout
        .lines()
        .filter(|l| l.contains("corrupt"))
        .collect();
    assert!(
        bad.len() == 1 && bad[0].contains("/events/1/"),
        "{}",
        verified.stdout
    );
    assert!(
        verified.stderr.contains("1 of 2 snapshots"),
        "{}",
        verified.stderr
    );
    let none = Kept::new(&[]).run(&["verify"]);
    assert_eq!(none.code, 1);
    let one = Kept::new(&[(0, 5)]);
    for (command, words) in [
        ("list", "1 snapshot in"),
        ("verify", "1 snapshot is whole: 0 restored, 1 not tried"),
    ] {
        let said = one.run(&[command]).stderr;
        assert!(said.contains(words), "{said}");
    }
}

/// The snapshots of a run.
fn ran(dir: &Path) -> PathBuf {
    let config = dir.join("holdfast.toml");
    let toml = format!(
        "[app]\nid = \"shop\"\n[source]\nkind = \"log\"\n[log]\ninput = {:?}\noutput = \"out\"\n[model]\npath = {:?}\n\
         [silence]\nclock = \"event\"\n[http]\nlisten = \"off\"\n",
        shop().events,
        shop().model
    );
    fs::write(&config, toml).unwrap();
    done(&["run", "--until-end", "--config", text(&config)]);
    config
}

#[test]
fn a_whole_snapshot_that_does_not_restore_fails_the_verification() {
    let dir = tempfile::tempdir().unwrap();
    let config = ran(dir.path());
    let verify = ["snapshot", "verify", "--config", text(&config)];
    let said = done(&verify).stderr;
    assert!(said.contains("1 snapshot is whole: 1 restored"), "{said}");
    let place = Location::Directory(dir.path().join("out/snapshots"));
    let store = Snapshots::open(&place, "shop", "log").unwrap();
    let name = store.list(None).unwrap()[0].name.clone();
    let snapshot = store.load(&name).unwrap();
    let mut packer = Packer::new(Manifest {
        offset: 1,
        sections: Vec::new(),
        ..snapshot.manifest().clone()
    });
    for section in &snapshot.manifest().sections {
        for mut piece in snapshot.section(&section.name).unwrap() {
            let middle = piece.bytes.len() / 2;
            piece.bytes.truncate(middle);
            packer.add(&section.name, piece.number, &piece.bytes);
        }
    }
    store.publish(&packer.finish()).unwrap();
    let verified = run(&verify);
    assert_eq!(verified.code, 1, "{}", verified.stdout);
    assert!(
        verified.stdout.contains("it does not restore"),
        "{}",
        verified.stdout
    );
    assert!(
        verified.stderr.contains("1 of 2 snapshots"),
        "{}",
        verified.stderr
    );
}

#[test]
fn the_newest_usable_ones_go_out_and_come_in_again() {
    let from = Kept::new(&[(0, 5), (0, 90), (1, 7)]);
    from.damage(0);
    let place = from.dir.path().join("copy");
    let exported = from.run(&["export", "--to", text(&place)]);
    assert_eq!(exported.code, 0, "{}", exported.stderr);
    assert!(
        exported.stderr.contains("cannot be used"),
        "{}",
        exported.stderr
    );
    let to = Kept::new(&[]);
    let imported = to.run(&["import", "--from", text(&place)]);
    assert_eq!(imported.code, 0, "{}", imported.stderr);
    let names: Vec<&str> = imported.stdout.lines().collect();
    assert_eq!(names.len(), 2);
    assert!(names[0].contains("/0/00000000000000000005-"), "{names:?}");
    assert_eq!(to.run(&["verify"]).code, 0);
    from.damage(1);
    let lacking = from.run(&["export", "--to", text(&place)]);
    assert_eq!(lacking.code, 1);
    assert!(
        lacking.stderr.contains("no usable snapshot of partition 1"),
        "{}",
        lacking.stderr
    );
}

#[test]
fn a_place_that_is_not_there_is_named() {
    let kept = Kept::new(&[]);
    let wrong = kept.run(&["export", "--to", "gs://bucket"]);
    assert!(wrong.stderr.contains("gs://bucket"), "{}", wrong.stderr);
    fs::remove_dir_all(kept.dir.path().join("snapshots")).unwrap();
    let listed = kept.run(&["list"]);
    assert_eq!(listed.code, 1);
    assert!(
        listed.stderr.contains("there is no directory"),
        "{}",
        listed.stderr
    );
    assert!(
        done(&["snapshot", "--help"])
            .stdout
            .contains("holdfast snapshot list")
    );
}
