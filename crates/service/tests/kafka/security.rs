//! TLS, passwords and certificates by configuration alone, on a broker that wants them.

use std::process::Output;

use crate::guarded::{Guarded, PASSWORD, SERVICE};
use crate::shop::{EVENT_CLOCK, Shop, plain_model};

/// A run through one of the broker's guarded doors.
fn run(shop: &mut Shop, (door, properties): &(String, String), args: &[&str]) -> Output {
    let open = std::mem::replace(&mut shop.broker, door.clone());
    let output = shop.run(properties, &[&["--until-end"], args].concat());
    shop.broker = open;
    output
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn passwords_and_certificates_open_the_door_and_wrong_ones_are_refused_in_words() {
    let guarded = Guarded::start("security");
    let mut shop = Shop::without_topics("security", &plain_model(), EVENT_CLOCK);
    shop.broker = guarded.open_door();
    shop.create_topics(1);
    guarded.allow(&mut shop, SERVICE, "run");

    let (scram, mutual) = (guarded.scram(SERVICE), guarded.mutual("holdfast.p12"));
    for door in [&scram, &mutual] {
        let output = run(&mut shop, door, &[]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }

    for (store, words) in [
        ("stranger.p12", "certificate"),
        ("expired.p12", "certificate"),
    ] {
        let output = run(&mut shop, &guarded.mutual(store), &[]);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(78), "{store}: {text}");
        assert!(text.to_lowercase().contains(words), "{store}: {text}");
    }
    // A broker that is not the one we trust.
    let impostor = (
        scram.0.clone(),
        scram.1.replace("broker.pem", "authority.pem"),
    );
    let output = run(&mut shop, &impostor, &[]);
    assert_eq!(output.status.code(), Some(78), "{}", said(&output));
    assert!(said(&output).contains("certificate"), "{}", said(&output));

    guarded.secret("password", "hush-wrong");
    let output = run(&mut shop, &scram, &[]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(78), "{text}");
    assert!(text.to_lowercase().contains("authentication"), "{text}");

    // Whatever is logged, secrets are not.
    let debug = |door: &(String, String)| (door.0.clone(), format!("{}debug = \"all\"\n", door.1));
    let loud = ["--log", "trace"];
    for (right, code) in [(false, 78), (true, 0)] {
        guarded.secret("password", if right { PASSWORD } else { "hush-wrong" });
        for door in [debug(&scram), debug(&mutual)] {
            let output = run(&mut shop, &door, &loud);
            let text = said(&output);
            assert!(
                text.contains("client.id"),
                "librdkafka says nothing: {text}"
            );
            assert!(!text.contains("hush"), "a secret in the log");
            let through_password = door.0 == scram.0;
            let expected = if through_password { code } else { 0 };
            assert_eq!(output.status.code(), Some(expected));
        }
    }
}
