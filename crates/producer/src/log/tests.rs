use holdfast_events::RejectReason;

use super::*;
use crate::{DeadLetter, Metadata, OutAlert, OutRecord};

fn alert(id: &str) -> OutAlert {
    let value = format!("{{\"alert_id\":\"{id}\"}}").into_bytes();
    OutAlert {
        key: b"c".to_vec(),
        value,
        alert_id: id.into(),
        input: Some((0, 1)),
        traceparent: None,
    }
}

fn letter(offset: i64) -> DeadLetter {
    DeadLetter {
        partition: 0,
        offset,
        line: Some(1),
        key: None,
        value: Some(b"x".to_vec()),
        value_sha256: None,
        headers: Vec::new(),
        timestamp: None,
        reason: RejectReason::Malformed,
        detail: "d".into(),
    }
}

fn position(partition: i32, next_offset: i64) -> Position {
    let metadata = Metadata {
        model_sha256: "m".into(),
        config_hash: "c".into(),
        state_hash: "s".into(),
        journal: 5,
        partitions: 2,
        byte: Some(next_offset.unsigned_abs() * 10),
        input: Some(9),
        done: None,
    };
    Position {
        partition,
        next_offset,
        metadata,
    }
}

fn open(dir: &Path) -> Result<LogSink, SinkError> {
    LogSink::open(LogSinkSettings {
        dir: dir.to_owned(),
    })
}

fn record(stream: Stream, value: &str) -> OutRecord {
    OutRecord {
        stream,
        key: b"c".to_vec(),
        value: value.as_bytes().to_vec(),
        input: None,
    }
}

fn text(dir: &Path, name: &str) -> String {
    fs::read_to_string(dir.join(name)).unwrap()
}

#[test]
fn a_commit_is_there_after_a_restart_and_what_followed_it_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut sink = open(dir.path()).unwrap();
    let outputs = Outputs {
        journal: Vec::new(),
        alerts: vec![alert("a"), alert("b")],
        dead_letters: vec![letter(3)],
        records: vec![record(Stream::Carts, "1"), record(Stream::Carts, "2")],
    };
    sink.commit(&outputs, &[position(0, 4), position(1, 9)])
        .unwrap();
    // Killed in the middle of the next commit: outputs written, manifest not.
    sink.alerts.append(b"{\"half\":").unwrap();
    sink.streams[Stream::Carts as usize].append(b"3").unwrap();
    drop(sink);

    let sink = open(dir.path()).unwrap();
    assert_eq!(
        text(dir.path(), ALERTS),
        "{\"alert_id\":\"a\"}\n{\"alert_id\":\"b\"}\n"
    );
    assert_eq!(text(dir.path(), DEAD_LETTERS).lines().count(), 1);
    assert_eq!(text(dir.path(), &file_of(Stream::Carts)), "1\n2\n");
    assert_eq!(text(dir.path(), &file_of(Stream::Segments)), "");
    let committed = sink.committed();
    assert_eq!(committed.len(), 2);
    assert_eq!(committed[1].next_offset, 9);
    assert_eq!(committed[1].metadata, position(1, 9).metadata);
}

#[test]
fn commits_of_one_partition_leave_the_others_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let mut sink = open(dir.path()).unwrap();
    sink.commit(&Outputs::default(), &[position(0, 4), position(1, 9)])
        .unwrap();
    sink.commit(&Outputs::default(), &[position(0, 6)]).unwrap();
    let offsets: Vec<i64> = sink.committed().iter().map(|p| p.next_offset).collect();
    assert_eq!(offsets, [6, 9]);
}

#[test]
fn a_second_writer_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let _first = open(dir.path()).unwrap();
    assert!(matches!(open(dir.path()), Err(SinkError::Temporary(_))));
}

#[test]
fn outputs_that_nobody_committed_are_not_cut() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(ALERTS), "of a replay\n").unwrap();
    let error = open(dir.path()).err().unwrap().to_string();
    assert!(error.contains("without a manifest.json"), "{error}");
    assert_eq!(text(dir.path(), ALERTS), "of a replay\n");
}

#[test]
fn outputs_that_were_cut_are_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let mut sink = open(dir.path()).unwrap();
    sink.commit(
        &Outputs {
            alerts: vec![alert("a")],
            ..Outputs::default()
        },
        &[position(0, 1)],
    )
    .unwrap();
    drop(sink);
    fs::write(dir.path().join(ALERTS), "").unwrap();
    assert!(matches!(open(dir.path()), Err(SinkError::Manifest { .. })));
}

#[test]
fn a_torn_or_newer_manifest_is_refused() {
    for bad in [
        "{\"version\":2,",
        "{\"version\":3,\"model_sha256\":\"\",\"config_hash\":\"\",\"partitions\":{},\"outputs\":{}}",
    ] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(MANIFEST), bad).unwrap();
        assert!(
            matches!(open(dir.path()), Err(SinkError::Manifest { .. })),
            "{bad}"
        );
    }
}

#[test]
fn segments_roll_and_are_taken_up_again_without_half_lines() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = SegmentWriter::open(dir.path(), 1).unwrap();
    writer.segment_bytes = 8;
    for i in 0..5 {
        writer
            .append(b"k", Some(format!("{i}").as_bytes()))
            .unwrap();
    }
    writer.append(b"k", None).unwrap();
    writer.flush().unwrap();
    drop(writer);
    let mut names: Vec<_> = fs::read_dir(dir.path().join("0"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["0.jsonl", "2.jsonl", "4.jsonl"]);
    let newest = dir.path().join("0/4.jsonl");
    assert_eq!(fs::read_to_string(&newest).unwrap(), "k\t4\nk\t\n");
    OpenOptions::new()
        .append(true)
        .open(&newest)
        .unwrap()
        .write_all(b"k\thal")
        .unwrap();
    let mut writer = SegmentWriter::open(dir.path(), 1).unwrap();
    writer.append(b"k", Some(b"6")).unwrap();
    writer.flush().unwrap();
    assert_eq!(fs::read_to_string(&newest).unwrap(), "k\t4\nk\t\nk\t6\n");
    assert!(writer.append(b"k", Some(b"a\nb")).is_err());
}
