use std::fs::{self, OpenOptions};
use std::io::Write;
use std::sync::Mutex;

use super::*;
use crate::{Refusal, Start};

/// Notes what it was asked, and refuses logs that begin late.
#[derive(Default)]
struct Notes(Mutex<Vec<Assigned>>);

impl Partitions for Notes {
    fn assigned(&self, given: &[Assigned]) -> Result<Vec<Start>, Refusal> {
        self.0.lock().unwrap().extend_from_slice(given);
        if given.iter().any(|a| a.begin > 0) {
            return Err(Refusal::Gap("begins late".into()));
        }
        Ok(given
            .iter()
            .map(|a| Start {
                partition: a.partition,
                offset: a.begin,
            })
            .collect())
    }

    fn revoked(&self, _: &[i32], _: bool) {}
}

fn open(input: &Path, follow: bool) -> (LogSource, Arc<Notes>) {
    let notes = Arc::new(Notes::default());
    let settings = LogSettings {
        input: input.to_owned(),
        follow,
        committed: BTreeMap::from([(0, (1, "m".into()))]),
    };
    (
        LogSource::open(settings)
            .unwrap()
            .tell(Arc::clone(&notes) as Arc<dyn Partitions>),
        notes,
    )
}

/// Values by partition until the source closes or has nothing more.
fn drain(source: &mut LogSource) -> BTreeMap<i32, Vec<(i64, String)>> {
    let mut out: BTreeMap<i32, Vec<(i64, String)>> = BTreeMap::new();
    loop {
        match source.poll(Duration::from_millis(30)).unwrap() {
            Polled::Batch(batch) => batch.for_each_chunk(|records| {
                for r in records {
                    let value = String::from_utf8_lossy(r.value.unwrap()).into_owned();
                    out.entry(r.partition).or_default().push((r.offset, value));
                }
            }),
            Polled::End { .. } => {}
            _ => return out,
        }
    }
}

fn write(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn row(offset: i64, value: &str) -> (i64, String) {
    (offset, value.to_owned())
}

#[test]
fn segments_of_all_partitions_are_read_in_order() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "0/0.jsonl", "a\nb\n");
    write(dir.path(), "0/00000000000000000002.jsonl", "c");
    write(dir.path(), "1/0.jsonl", "x\n");
    write(dir.path(), "1/notes.txt", "not a segment");
    let (mut source, notes) = open(dir.path(), false);
    let got = drain(&mut source);
    assert_eq!(got[&0], [row(0, "a"), row(1, "b"), row(2, "c")]);
    assert_eq!(got[&1], [row(0, "x")]);
    let given = notes.0.lock().unwrap();
    assert_eq!(given[0].committed, Some((1, "m".to_owned())));
    assert_eq!(given[1].committed, None);
}

#[test]
fn a_followed_log_gives_lines_as_they_get_whole_and_goes_on_in_new_segments() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "0/0.jsonl", "a\nb");
    let (mut source, _) = open(dir.path(), true);
    assert_eq!(drain(&mut source)[&0], [row(0, "a")]);
    let mut file = OpenOptions::new()
        .append(true)
        .open(dir.path().join("0/0.jsonl"))
        .unwrap();
    file.write_all(b"b\n").unwrap();
    assert_eq!(drain(&mut source)[&0], [row(1, "bb")]);
    write(dir.path(), "0/2.jsonl", "c\n");
    assert_eq!(drain(&mut source)[&0], [row(2, "c")]);
    assert!(drain(&mut source).is_empty());
}

#[test]
fn a_hole_between_segments_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "0/0.jsonl", "a\n");
    write(dir.path(), "0/5.jsonl", "b\n");
    let (mut source, _) = open(dir.path(), false);
    assert!(matches!(source.poll(Duration::ZERO), Ok(Polled::Batch(_))));
    let error = source.poll(Duration::ZERO).unwrap_err().to_string();
    assert!(error.contains("does not begin at offset 1"), "{error}");
}

#[test]
fn a_log_whose_start_was_removed_is_shown_as_such() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "0/7.jsonl", "a\n");
    let (mut source, notes) = open(dir.path(), false);
    assert!(matches!(
        source.poll(Duration::ZERO),
        Err(SourceError::Gap(_))
    ));
    assert_eq!(notes.0.lock().unwrap()[0].begin, 7);
}

#[test]
fn a_directory_without_partitions_or_with_a_lost_one_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let settings = LogSettings {
        input: dir.path().to_owned(),
        follow: false,
        committed: BTreeMap::new(),
    };
    assert!(LogSource::open(settings.clone()).is_err());
    write(dir.path(), "0/0.jsonl", "");
    write(dir.path(), "2/0.jsonl", "");
    let error = LogSource::open(settings).err().unwrap().to_string();
    assert!(error.starts_with("partition 1 is missing"), "{error}");
}

#[test]
fn one_file_is_partition_zero() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "e.jsonl", "a\nb");
    let (mut source, _) = open(&dir.path().join("e.jsonl"), false);
    assert_eq!(drain(&mut source)[&0], [row(0, "a"), row(1, "b")]);
}
