//! Access control lists: what `topics acl` prints is enough for everything, and each line of it is needed.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Output};

use holdfast_producer::Outgoing;

use crate::guarded::{DESK, Guarded, SERVICE};
use crate::shop::{
    EVENT_CLOCK, Running, Shop, assert_same, binary, generated, plain_model, replayed, wait_for,
};

/// A shop on a guarded broker, with the rights of the service and of those who look after it.
fn shop(guarded: &Guarded, name: &str) -> Shop {
    let mut shop = Shop::without_topics(name, &plain_model(), EVENT_CLOCK);
    shop.broker = guarded.open_door();
    shop.create_topics(2);
    guarded.allow(&mut shop, SERVICE, "run");
    guarded.allow(&mut shop, DESK, "operate");
    shop
}

/// Does `what` with the broker's address being the door that asks for a password.
fn behind<T>(
    shop: &mut Shop,
    guarded: &Guarded,
    user: &str,
    what: impl FnOnce(&Shop, &str) -> T,
) -> T {
    let (door, properties) = guarded.scram(user);
    let open = std::mem::replace(&mut shop.broker, door);
    let done = what(shop, &properties);
    shop.broker = open;
    done
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Each right of a run, as an operation on a resource.
fn rights(shop: &Shop) -> Vec<(&'static str, [String; 2])> {
    let topic = |name: String| ["--topic".to_owned(), name];
    vec![
        ("Read", topic(shop.input())),
        ("Write", topic(shop.alerts())),
        ("Write", topic(shop.dead_letters())),
        ("Read", topic(shop.journal())),
        ("Write", topic(shop.journal())),
        ("Read", ["--group".to_owned(), shop.id.clone()]),
    ]
}

fn parts(on: &[String; 2]) -> [&str; 2] {
    [&on[0], &on[1]]
}

/// The status of `/readyz`; the log says where it is served.
fn ready(running: &Running) -> Option<u16> {
    let log = running.log();
    let addr = log.split("\"addr\":\"").nth(1)?.split('"').next()?;
    let mut stream = TcpStream::connect(addr).ok()?;
    stream
        .write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

#[test]
fn the_printed_rights_are_enough_and_a_start_without_one_is_refused_by_its_name() {
    let guarded = Guarded::start("rights");
    let mut shop = shop(&guarded, "rights");
    let events = generated(shop.dir.path(), 200);
    shop.load(&events);
    let garbage = Outgoing {
        key: Some(b"k"),
        value: Some(b"garbage"),
        ..Outgoing::default()
    };
    shop.send(&[garbage]);

    for (operation, on) in rights(&shop) {
        guarded.change("--remove", operation, &parts(&on));
        let output = behind(&mut shop, &guarded, SERVICE, |shop, how| {
            shop.run(how, &["--until-end"])
        });
        assert_eq!(
            output.status.code(),
            Some(78),
            "{operation} {on:?}: {}",
            said(&output)
        );
        let resource = on[0].trim_start_matches('-');
        let named = format!("{operation} on {resource} `{}`", on[1]);
        assert!(said(&output).contains(&named), "{named}: {}", said(&output));
        guarded.change("--add", operation, &parts(&on));
    }
    let id = format!("{}.", shop.id);
    let prefix = [
        "--transactional-id",
        &id,
        "--resource-pattern-type",
        "prefixed",
    ];
    guarded.change("--remove", "Write", &prefix);
    let output = behind(&mut shop, &guarded, SERVICE, |shop, how| {
        shop.run(how, &["--until-end"])
    });
    assert_eq!(output.status.code(), Some(78), "{}", said(&output));
    let named = format!("cannot start transactions as `{id}");
    assert!(said(&output).contains(&named), "{}", said(&output));
    assert!(shop.read(&shop.journal()).is_empty() && shop.read(&shop.alerts()).is_empty());
    guarded.change("--add", "Write", &prefix);

    // Twice: the second start has a snapshot and a journal to begin with.
    for _ in 0..2 {
        let output = behind(&mut shop, &guarded, SERVICE, |shop, how| {
            shop.run(how, &["--until-end"])
        });
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
    assert_same(&shop.alert_values(), &replayed(&shop, &events));
    assert!(shop.dir.path().join("snapshots").is_dir());
    let desk: [&[&str]; 3] = [
        &["topics", "plan", "--config"],
        &["dlq", "list", "--config"],
        &["dlq", "replay", "--config"],
    ];
    for args in desk {
        let output = behind(&mut shop, &guarded, DESK, |shop, how| {
            let mut command = Command::new(binary());
            command.args(args).arg(shop.config(how)).output().unwrap()
        });
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", said(&output));
    }
    assert_eq!(shop.read(&shop.dead_letters()).len(), 1);
}

#[test]
fn a_right_that_is_taken_away_stops_the_work_until_it_is_back_and_skips_nothing() {
    let guarded = Guarded::start("withdrawn");
    let mut shop = shop(&guarded, "withdrawn");
    let events = generated(shop.dir.path(), 300);
    let lines = std::fs::read_to_string(&events).unwrap().lines().count();
    let id = format!("{}.", shop.id);
    let on_id = [
        "--transactional-id",
        &id,
        "--resource-pattern-type",
        "prefixed",
    ];
    let taken: Vec<(&str, Vec<String>)> = rights(&shop)
        .into_iter()
        .map(|(operation, on)| (operation, on.to_vec()))
        .chain([("Write", on_id.map(str::to_owned).to_vec())])
        // Dead letters are not written here, and the journal is read at a start.
        .filter(|(operation, on)| {
            *on[1] != shop.dead_letters() && !(*operation == "Read" && *on[1] == shop.journal())
        })
        .collect();
    let rounds = taken.len() + 1;
    let feed = |shop: &Shop, round: usize| {
        shop.load_range(
            &events,
            lines * round / rounds,
            lines * (round + 1) / rounds,
        );
    };
    feed(&shop, 0);
    let mut running = behind(&mut shop, &guarded, SERVICE, |shop, how| {
        shop.start(how, &["--listen", "127.0.0.1:0"])
    });
    shop.wait_for_alerts(1);
    for (round, (operation, on)) in taken.iter().enumerate() {
        let on: Vec<&str> = on.iter().map(String::as_str).collect();
        guarded.change("--remove", operation, &on);
        let seen = shop.read(&shop.alerts()).len();
        feed(&shop, round + 1);
        wait_for(
            &format!("unreadiness without {operation} on {on:?}"),
            || (ready(&running) == Some(503)).then_some(()),
        );
        guarded.change("--add", operation, &on);
        shop.wait_for_alerts(seen + 1);
        wait_for("readiness", || (ready(&running) == Some(200)).then_some(()));
    }
    running.signal("TERM");
    assert_eq!(running.wait(), Some(0), "{}", running.log());
    let output = behind(&mut shop, &guarded, SERVICE, |shop, how| {
        shop.run(how, &["--until-end"])
    });
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_same(&shop.alert_values(), &replayed(&shop, &events));
}
