use std::io::{Read, Write};
use std::net::TcpStream;

use super::*;

fn start() -> (Server, Arc<Metrics>, Arc<Health>) {
    let (metrics, health) = (Arc::new(Metrics::new()), Arc::new(Health::new()));
    let addr = "127.0.0.1:0".parse().unwrap();
    let server = serve(addr, "--listen", metrics.clone(), health.clone()).unwrap();
    (server, metrics, health)
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
fn not_ready_lists_its_reasons_and_the_progress_of_a_rebuild() {
    let (server, _, health) = start();
    health.assign(2);
    health.rebuilding(2, 50, 200);
    health.lag(2, 9);
    let (code, body) = get(&server, "/readyz");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(code, 503);
    assert_eq!(
        body,
        serde_json::json!({
            "ready": false,
            "reasons": [
                "the service is starting",
                "partition 2 rebuilds its state: 50 of 200 records"
            ],
            "partitions": [{
                "partition": 2,
                "rebuild": { "done_records": 50, "all_records": 200 },
                "lag_records": 9
            }]
        })
    );
}

#[test]
fn ready_once_every_reason_is_cleared() {
    let (server, _, health) = start();
    health.clear("start");
    health.rebuilding(0, 1, 2);
    health.block("broker", "no broker answers at 127.0.0.1:1");
    assert_eq!(get(&server, "/readyz").0, 503);
    health.rebuilt(0);
    assert!(get(&server, "/readyz").1.contains("no broker answers"));
    health.clear("broker");
    let (code, body) = get(&server, "/readyz");
    assert_eq!(code, 200);
    assert!(body.contains("\"ready\":true"), "{body}");
}

#[test]
fn alive_does_not_need_ready() {
    let (server, ..) = start();
    let (code, body) = get(&server, "/livez");
    assert_eq!(code, 200, "{body}");
}

#[test]
fn metrics_are_text_and_know_about_readiness() {
    let (server, metrics, health) = start();
    metrics.events_applied.inc_by(3);
    let (code, body) = get(&server, "/metrics");
    assert_eq!(code, 200);
    assert!(body.contains("holdfast_events_applied_total 3"), "{body}");
    assert!(body.contains("holdfast_ready 0"), "{body}");
    health.clear("start");
    assert!(get(&server, "/metrics").1.contains("holdfast_ready 1"));
}

#[test]
fn a_taken_port_names_the_flag() {
    let (server, metrics, health) = start();
    let error = serve(server.addr(), "--port", metrics, health)
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        format!(
            "cannot listen on {}: the port is in use; choose another with --port",
            server.addr()
        )
    );
}

#[test]
fn a_dropped_server_gives_its_port_back() {
    let (server, metrics, health) = start();
    let addr = server.addr();
    drop(server);
    serve(addr, "--listen", metrics, health).unwrap();
}
