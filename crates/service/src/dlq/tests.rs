use holdfast_consumer::OwnedRecord;
use holdfast_producer::letters::{ATTEMPT, Origin, error_headers};

use super::*;

fn letter() -> DeadLetter {
    DeadLetter {
        partition: 2,
        offset: 40,
        line: None,
        key: Some(b"c1".to_vec()),
        value: Some(b"{]".to_vec()),
        value_sha256: None,
        headers: vec![("trace".into(), Some(b"t".to_vec()))],
        timestamp: Some(1000),
        reason: RejectReason::Malformed,
        detail: "no object".into(),
    }
}

fn settings(dir: &std::path::Path, input: &str) -> Settings {
    let mut settings = Settings::defaults();
    settings.source = SourceKind::Log;
    settings.log.input = dir.join(input);
    settings.log.output = dir.join("out");
    std::fs::create_dir_all(&settings.log.output).unwrap();
    let lines: String = (0..3)
        .map(|i| {
            let reason = if i == 1 {
                RejectReason::TooLarge
            } else {
                RejectReason::Malformed
            };
            let value_sha256 = (i == 1).then(|| "00".to_owned());
            let of = DeadLetter {
                partition: 0,
                offset: i,
                reason,
                value_sha256,
                ..letter()
            };
            format!("{}\n", letters::to_json(&of))
        })
        .collect();
    std::fs::write(
        settings.log.output.join("dead-letters.jsonl"),
        lines + "{\"half",
    )
    .unwrap();
    settings
}

#[test]
fn a_record_of_the_topic_is_the_letter_that_was_sent_without_our_headers() {
    let origin = Origin {
        topic: "events",
        app: "shop",
        version: "1",
    };
    let mut headers = letter().headers;
    headers.push((ATTEMPT.to_owned(), Some(b"2".to_vec())));
    let errors = error_headers(&letter(), origin);
    headers.extend(
        errors
            .into_iter()
            .map(|(n, v)| (n.to_owned(), Some(v.into_bytes()))),
    );
    let sent = letter();
    let record = OwnedRecord {
        partition: 0,
        offset: 9,
        key: sent.key.clone(),
        value: sent.value.clone(),
        timestamp: sent.timestamp,
        headers,
    };
    assert_eq!(
        kafka::found(record.clone()),
        Some(Found {
            letter: sent,
            attempts: 2
        })
    );
    assert_eq!(
        kafka::found(OwnedRecord {
            headers: Vec::new(),
            ..record
        }),
        None
    );
}

#[test]
fn a_line_of_the_file_is_the_letter_that_was_written() {
    assert_eq!(
        log::found(&letters::to_json(&letter())),
        Some(Found {
            letter: letter(),
            attempts: 0
        })
    );
}

#[test]
fn conditions_hold_together() {
    let found = Found {
        letter: letter(),
        attempts: 0,
    };
    let filter = Filter {
        partition: Some(2),
        from_offset: Some(40),
        since_ms: Some(1000),
        ..Filter::default()
    };
    assert!(filter.holds(&found));
    let others = [
        Filter {
            reasons: vec![RejectReason::TooDeep],
            ..filter.clone()
        },
        Filter {
            partition: Some(1),
            ..filter.clone()
        },
        Filter {
            from_offset: Some(41),
            ..filter.clone()
        },
        Filter {
            since_ms: Some(1001),
            ..filter
        },
    ];
    for other in others {
        assert!(!other.holds(&found), "{other:?}");
    }
}

#[test]
fn listing_gives_whole_letters_up_to_the_limit() {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(dir.path(), "in.jsonl");
    let mut out = Vec::new();
    assert_eq!(list(&settings, &Filter::default(), &mut out).unwrap(), 3);
    out.clear();
    let filter = Filter {
        limit: Some(1),
        reasons: vec![RejectReason::TooLarge],
        ..Filter::default()
    };
    assert_eq!(list(&settings, &filter, &mut out).unwrap(), 1);
    let line: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(
        (line["offset"].as_i64(), line["attempts"].as_i64()),
        (Some(1), Some(0))
    );
}

#[test]
fn records_go_back_to_the_end_of_the_input_and_cut_ones_stay() {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(dir.path(), "in.jsonl");
    std::fs::write(&settings.log.input, "first").unwrap();
    let would = replay(&settings, &Filter::default(), true).unwrap();
    assert_eq!(
        would,
        Replayed {
            sent: 2,
            cut: 1,
            tired: 0
        }
    );
    assert_eq!(
        std::fs::read_to_string(&settings.log.input).unwrap(),
        "first"
    );
    replay(&settings, &Filter::default(), false).unwrap();
    assert_eq!(
        std::fs::read_to_string(&settings.log.input).unwrap(),
        "first\nc1\t{]\nc1\t{]\n"
    );
}

#[test]
fn records_go_back_to_their_partition_of_a_log() {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(dir.path(), "log");
    std::fs::create_dir_all(settings.log.input.join("0")).unwrap();
    std::fs::write(settings.log.input.join("0/0.jsonl"), "a\t1\n").unwrap();
    replay(
        &settings,
        &Filter {
            limit: Some(1),
            ..Filter::default()
        },
        false,
    )
    .unwrap();
    let text = std::fs::read_to_string(settings.log.input.join("0/0.jsonl")).unwrap();
    assert_eq!(text, "a\t1\nc1\t{]\n");
}

#[test]
fn a_packed_input_cannot_take_them_back() {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(dir.path(), "in.jsonl.gz");
    assert_eq!(
        replay(&settings, &Filter::default(), false)
            .unwrap_err()
            .exit_code(),
        78
    );
}
