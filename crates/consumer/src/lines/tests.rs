use std::io::{Cursor, Read, Write};

use flate2::{Compression, write::GzEncoder};

use super::*;

type Row = (i64, u64, Option<String>, Option<String>);

fn rows(batch: &LineBatch) -> Vec<Row> {
    let text = |b: Option<&[u8]>| b.map(|b| String::from_utf8_lossy(b).into_owned());
    batch
        .records()
        .map(|r| (r.offset, r.line.unwrap(), text(r.key), text(r.value)))
        .collect()
}

fn all(reader: &mut LineReader) -> Vec<Row> {
    let (mut batch, mut out) = (LineBatch::default(), Vec::new());
    while reader.read_batch(&mut batch).unwrap() {
        out.extend(rows(&batch));
    }
    out
}

fn read(text: &str) -> Vec<Row> {
    all(&mut LineReader::new(Box::new(Cursor::new(
        text.as_bytes().to_vec(),
    ))))
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Gives one byte at a time, the worst a pipe can do.
struct Dripping(Cursor<Vec<u8>>);

impl Read for Dripping {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(&mut buf[..1])
    }
}

#[test]
fn lines_split_into_key_and_value() {
    let got = read("{\"a\":\t1}\nk\t{\"a\":2}\nk\t\n\nnonsense\r\n  {\"b\":\t1}\nlast");
    let want = [
        (0, 1, None, some("{\"a\":\t1}")),
        (1, 2, some("k"), some("{\"a\":2}")),
        (2, 3, some("k"), None),
        (3, 4, None, some("")),
        (4, 5, None, some("nonsense")),
        (5, 6, None, some("  {\"b\":\t1}")),
        (6, 7, None, some("last")),
    ];
    assert_eq!(got, want);
}

#[test]
fn an_empty_input_has_no_lines() {
    assert!(read("").is_empty());
    assert_eq!(read("\n"), [(0, 1, None, some(""))]);
}

#[test]
fn bytes_that_come_one_by_one_give_the_same_lines() {
    let text = "a\t1\n\nb\t2\nc";
    let mut reader = LineReader::new(Box::new(Dripping(Cursor::new(text.into()))));
    assert_eq!(all(&mut reader), read(text));
}

#[test]
fn chunks_end_between_lines_only() {
    let text: String = (0..100_000)
        .map(|i| format!("k{i}\t{{\"n\":{i}}}\n"))
        .collect();
    let got = read(&text);
    assert_eq!(got.len(), 100_000);
    for (i, row) in got.iter().enumerate() {
        assert_eq!((row.0, row.1), (i as i64, i as u64 + 1));
        assert_eq!(row.3, Some(format!("{{\"n\":{i}}}")));
    }
}

#[test]
fn packed_files_read_like_plain_ones_and_positions_count_unpacked_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("e.jsonl.gz");
    let mut gz = GzEncoder::new(File::create(&path).unwrap(), Compression::fast());
    gz.write_all(b"a\t1\nb\t2\n").unwrap();
    gz.finish().unwrap();
    let mut reader = LineReader::open(&path).unwrap().numbered(3, 40);
    let mut batch = LineBatch::default();
    assert!(reader.read_batch(&mut batch).unwrap());
    assert_eq!(
        (batch.partition(), batch.next_offset(), batch.end_byte()),
        (3, 42, 8)
    );
    assert!(!reader.read_batch(&mut batch).unwrap());
}

#[test]
fn a_growing_file_gives_a_line_only_when_it_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("e.jsonl");
    let mut file = File::create(&path).unwrap();
    file.write_all(b"a\t1\nb\t").unwrap();
    let mut reader = LineReader::open(&path).unwrap();
    let mut batch = LineBatch::default();
    assert!(reader.read_whole_lines(&mut batch).unwrap());
    assert_eq!((batch.len(), batch.end_byte()), (1, 4));
    assert!(!reader.read_whole_lines(&mut batch).unwrap());
    assert!(reader.has_partial_line());
    file.write_all(b"2\n").unwrap();
    assert!(reader.read_whole_lines(&mut batch).unwrap());
    assert_eq!(rows(&batch), [(1, 2, some("b"), some("2"))]);
}

#[test]
fn a_line_without_end_is_an_error_not_unbounded_memory() {
    let mut reader = LineReader::new(Box::new(io::repeat(b'x')));
    reader.max_line_bytes = 1 << 20;
    let error = reader.read_batch(&mut LineBatch::default()).unwrap_err();
    assert_eq!(error.to_string(), "line 1 is longer than 1048576 bytes");
}
