//! `holdfast run` over the embedded log, with its endpoints and signals.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::ran::{holdfast, ran, shop, text};

fn config(dir: &Path) -> String {
    let path = dir.join("holdfast.toml");
    let (events, model) = (&shop().events, &shop().model);
    let toml = format!(
        "[source]\nkind = \"log\"\n[log]\ninput = {events:?}\noutput = \"out\"\n[model]\npath = {model:?}\n\
         [silence]\nclock = \"event\"\n"
    );
    fs::write(&path, toml).unwrap();
    text(&path).to_owned()
}

fn get(addr: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(addr).unwrap();
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

/// Starts it and waits until it says where it serves. The rest of stderr is read away.
fn start(config: &str) -> (Child, String) {
    let mut child = holdfast()
        .args(["run", "--config", config, "--listen", "127.0.0.1:0"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let addr = loop {
        let line = lines.next().expect("the address is logged").unwrap();
        let said: serde_json::Value =
            serde_json::from_str(&line).expect("logs are JSON off a terminal");
        if let Some(addr) = said["addr"].as_str() {
            break addr.to_owned();
        }
    };
    std::thread::spawn(move || lines.for_each(drop));
    (child, addr)
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "not within a minute: {what}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

#[test]
fn endpoints_tell_how_it_goes_and_sigterm_ends_it_with_0() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    let (mut child, addr) = start(&config);
    assert_eq!(get(&addr, "/livez").0, 200);
    until("ready", || get(&addr, "/readyz").0 == 200);
    let events = fs::read_to_string(&shop().events).unwrap().lines().count();
    let consumed = format!("holdfast_events_consumed_total{{partition=\"0\"}} {events}");
    until("all consumed", || {
        get(&addr, "/metrics").1.contains(&consumed)
    });
    let metrics = get(&addr, "/metrics").1;
    for line in [
        "holdfast_ready 1",
        "holdfast_assigned_partitions 1",
        "holdfast_rebuilding_partitions 0",
    ] {
        assert!(metrics.contains(line), "{line} is missing in\n{metrics}");
    }
    assert!(
        metrics.contains("holdfast_model_info{id=\"purchase-30d-"),
        "{metrics}"
    );
    assert!(get(&addr, "/readyz").1.contains("\"lag_records\":0"));
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(
        fs::metadata(dir.path().join("out/alerts.jsonl"))
            .unwrap()
            .len()
            > 0
    );
}

#[test]
fn until_end_ends_with_one_line_of_json_and_resumes_without_doubles() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    let once = || {
        let args = ["run", "--until-end", "--listen", "off", "--config", &config];
        let ran = ran(holdfast().args(args));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        serde_json::from_str::<serde_json::Value>(ran.stdout.trim_end()).unwrap()
    };
    let first = once();
    let alerts = fs::read_to_string(dir.path().join("out/alerts.jsonl")).unwrap();
    assert_eq!(first["alerts"], alerts.lines().count());
    let second = once();
    assert_eq!(second["events"], 0);
    assert_eq!(
        fs::read_to_string(dir.path().join("out/alerts.jsonl")).unwrap(),
        alerts
    );
}

#[test]
fn a_taken_port_is_1_and_names_the_flag() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let ran = ran(holdfast().args(["run", "--until-end", "--listen", &addr, "--config", &config]));
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr
            .contains("the port is in use; choose another with --listen"),
        "{}",
        ran.stderr
    );
}

/// Labels come from closed sets, so there are as many series for ten customers as for hundreds.
#[test]
fn metrics_do_not_grow_with_customers() {
    let series = |customers: usize| {
        let dir = tempfile::tempdir().unwrap();
        let path = config(dir.path());
        let few = dir.path().join("few.jsonl");
        let lines = fs::read_to_string(&shop().events).unwrap();
        let mut known = std::collections::BTreeSet::new();
        let kept = lines.lines().filter(|line| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            let id = event["customer_id"].as_str().unwrap().to_owned();
            known.contains(&id) || (known.len() < customers && known.insert(id))
        });
        let kept: Vec<&str> = kept.collect();
        fs::write(&few, kept.join("\n") + "\n").unwrap();
        let toml = fs::read_to_string(&path).unwrap();
        let toml = toml.replace(text(&shop().events), text(&few));
        fs::write(&path, toml).unwrap();
        let (mut child, addr) = start(&path);
        let consumed = format!(
            "holdfast_events_consumed_total{{partition=\"0\"}} {}",
            kept.len()
        );
        until("all consumed", || {
            get(&addr, "/metrics").1.contains(&consumed)
        });
        until("all committed", || get(&addr, "/readyz").0 == 200);
        until("figures are there", || {
            get(&addr, "/metrics").1.contains("holdfast_kpi{")
        });
        let metrics = get(&addr, "/metrics").1;
        signal(&child, "TERM");
        child.wait().unwrap();
        for id in &known {
            assert!(!metrics.contains(&format!("\"{id}\"")), "{id} is a label");
        }
        assert_eq!(known.len(), customers);
        let lines = metrics.lines().filter(|line| !line.starts_with('#'));
        let (kpis, others): (Vec<&str>, Vec<&str>) =
            lines.partition(|line| line.starts_with("holdfast_kpi"));
        // A rate without a base and a segment without anybody are not shown.
        assert!((20..80).contains(&kpis.len()), "{} figures", kpis.len());
        others.len()
    };
    assert_eq!(series(10), series(200));
}
