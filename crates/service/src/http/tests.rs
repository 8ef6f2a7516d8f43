use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;

use super::*;
use crate::run::Status;

/// A run that says what the test wants.
struct Said {
    beat: u64,
    report: Mutex<Report>,
    metrics: Arc<Metrics>,
}

impl Probe for Said {
    fn seconds_since_beat(&self) -> u64 {
        self.beat
    }

    fn report(&self) -> Report {
        self.report.lock().unwrap().clone()
    }

    fn refresh(&self) {
        self.metrics.ready.set(i64::from(self.report().ready));
    }
}

fn said(beat: u64) -> Arc<Said> {
    let report = Report {
        ready: true,
        reasons: Vec::new(),
        partitions: Vec::new(),
    };
    Arc::new(Said {
        beat,
        report: Mutex::new(report),
        metrics: Arc::new(Metrics::new()),
    })
}

fn start(said: &Arc<Said>) -> Server {
    serve(
        "127.0.0.1:0".parse().unwrap(),
        "--listen",
        said.metrics.clone(),
        said.clone(),
    )
    .unwrap()
}

fn get(server: &Server, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(server.addr()).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (
        head.split(' ').nth(1).unwrap().parse().unwrap(),
        body.to_owned(),
    )
}

#[test]
fn ready_is_200_and_not_ready_is_503_with_its_reasons_and_progress() {
    let said = said(0);
    let server = start(&said);
    assert_eq!(get(&server, "/readyz").0, 200);
    let text = "partition 2: 50 of 200 records".to_owned();
    *said.report.lock().unwrap() = Report {
        ready: false,
        reasons: vec![Reason {
            concern: "rebuild",
            text,
        }],
        partitions: vec![PartitionReport {
            partition: 2,
            lag_records: Some(9),
            rebuild: Some(Rebuild {
                done_records: 50,
                all_records: 200,
            }),
        }],
    };
    let (code, body) = get(&server, "/readyz");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(code, 503);
    assert_eq!(
        body,
        serde_json::json!({
            "ready": false,
            "reasons": [{ "concern": "rebuild", "text": "partition 2: 50 of 200 records" }],
            "partitions": [{
                "partition": 2,
                "lag_records": 9,
                "rebuild": { "done_records": 50, "all_records": 200 }
            }]
        })
    );
}

#[test]
fn a_run_that_has_not_started_is_not_ready_but_alive() {
    let report = Report::of(&Status::new());
    assert!(!report.ready);
    assert_eq!(report.reasons[0].concern, "start");
}

#[test]
fn alive_while_the_loop_turns() {
    assert_eq!(get(&start(&said(LIVE_SECONDS)), "/livez").0, 200);
    let (code, body) = get(&start(&said(LIVE_SECONDS + 1)), "/livez");
    assert_eq!(code, 503);
    assert_eq!(body, "{\"alive\":false,\"seconds_since_beat\":31}\n");
}

#[test]
fn metrics_are_refreshed_before_they_are_read() {
    let said = said(0);
    let server = start(&said);
    said.metrics.events_applied.inc_by(3);
    let (code, body) = get(&server, "/metrics");
    assert_eq!(code, 200);
    assert!(body.contains("holdfast_events_applied_total 3"), "{body}");
    assert!(body.contains("holdfast_ready 1"), "{body}");
    assert_eq!(get(&server, "/nothing").0, 404);
}

#[test]
fn a_taken_port_names_the_flag() {
    let said = said(0);
    let server = start(&said);
    let error = serve(server.addr(), "--port", said.metrics.clone(), said.clone()).unwrap_err();
    let text = "the port is in use; choose another with --port";
    assert_eq!(
        error.to_string(),
        format!("cannot listen on {}: {text}", server.addr())
    );
}

#[test]
fn a_dropped_server_gives_its_port_back() {
    let said = said(0);
    let addr = start(&said).addr();
    serve(addr, "--listen", said.metrics.clone(), said).unwrap();
}

#[test]
fn silent_clients_do_not_keep_others_out_for_long() {
    let server = start(&said(0));
    let connect = || TcpStream::connect(server.addr()).unwrap();
    let silent: Vec<TcpStream> = (0..2 * CONNECTIONS).map(|_| connect()).collect();
    let began = std::time::Instant::now();
    assert_eq!(get(&server, "/livez").0, 200);
    assert!(began.elapsed() < 4 * PATIENCE, "{:?}", began.elapsed());
    drop(silent);
}

#[test]
fn a_head_that_is_too_long_and_a_request_from_another_site_get_nothing() {
    let server = start(&said(0));
    let ask = |head: &str| {
        let mut stream = TcpStream::connect(server.addr()).unwrap();
        // The answer may come before everything is sent.
        stream.write_all(head.as_bytes()).ok();
        let mut text = String::new();
        stream.read_to_string(&mut text).ok();
        text
    };
    let long = "x".repeat(2 * HEAD_BYTES);
    let refused = ask(&format!(
        "GET /livez HTTP/1.1\r\nHost: x\r\nx: {long}\r\n\r\n"
    ));
    assert!(!refused.starts_with("HTTP/1.1 200"), "{refused}");
    let posted = ask("POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    assert!(posted.starts_with("HTTP/1.1 405"), "{posted}");
    let foreign = ask("GET /metrics HTTP/1.1\r\nHost: x\r\nOrigin: https://elsewhere\r\n\r\n");
    let heads = foreign.split("\r\n\r\n").next().unwrap().to_lowercase();
    assert!(heads.starts_with("http/1.1 200"), "{heads}");
    assert!(!heads.contains("access-control"), "{heads}");
}
