//! TLS and SASL by configuration alone, on a broker that wants both.

use std::path::Path;
use std::process::Command;

use crate::broker::Broker;
use crate::shop::{EVENT_CLOCK, Shop, plain_model};

fn keytool(dir: &Path, args: &[&str]) {
    let output = Command::new("keytool")
        .args(args)
        .args([
            "-alias",
            "broker",
            "-keystore",
            "broker.p12",
            "-storepass",
            "changeit",
            "-noprompt",
        ])
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

/// A certificate for 127.0.0.1.
fn certify(dir: &Path) {
    let key = [
        "-genkeypair",
        "-keyalg",
        "EC",
        "-dname",
        "CN=broker",
        "-ext",
        "san=ip:127.0.0.1",
    ];
    keytool(dir, &key);
    keytool(dir, &["-exportcert", "-rfc", "-file", "broker.pem"]);
}

/// Listeners that use it.
fn listeners(dir: &Path, plain: u16) -> String {
    let store = dir.join("broker.p12");
    let (controller, secure) = (plain + 1, plain + 2);
    [
        format!(
            "listeners=PLAINTEXT://127.0.0.1:{plain},CONTROLLER://127.0.0.1:{controller},\
             SECURE://127.0.0.1:{secure}"
        ),
        format!("advertised.listeners=PLAINTEXT://127.0.0.1:{plain},SECURE://127.0.0.1:{secure}"),
        "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL".to_owned(),
        "sasl.enabled.mechanisms=PLAIN".to_owned(),
        "listener.name.secure.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule \
         required user_shop=\"right\";"
            .to_owned(),
        format!("listener.name.secure.ssl.keystore.location={}", store.display()),
        "listener.name.secure.ssl.keystore.password=changeit".to_owned(),
        "listener.name.secure.ssl.keystore.type=PKCS12".to_owned(),
    ]
    .join("\n")
}

#[test]
fn tls_and_a_password_are_a_matter_of_configuration_and_wrong_ones_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    certify(dir.path());
    let broker = Broker::start("security", |port| listeners(dir.path(), port));
    let mut shop = Shop::without_topics("security", &plain_model(), EVENT_CLOCK);
    shop.broker = broker.address();
    shop.create_topics(1);

    shop.broker = format!("127.0.0.1:{}", broker.port() + 2);
    let secret = shop.dir.path().join("password");
    let certificate = dir.path().join("broker.pem");
    let properties = |protocol: &str| {
        format!(
            "[kafka.properties]\n\"security.protocol\" = {protocol:?}\n\"ssl.ca.location\" = {certificate:?}\n\
             \"sasl.mechanism\" = \"PLAIN\"\n\"sasl.username\" = \"shop\"\n\"sasl.password_file\" = {secret:?}\n"
        )
    };
    std::fs::write(&secret, "right\n").unwrap();
    let output = shop.run(&properties("sasl_ssl"), &["--until-end"]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    std::fs::write(&secret, "wrong\n").unwrap();
    let output = shop.run(&properties("sasl_ssl"), &["--until-end"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{text}");
    assert!(text.to_lowercase().contains("authentication"), "{text}");
    assert!(
        !text.contains("wrong"),
        "a password is no matter for a log: {text}"
    );

    let untrusted = properties("sasl_ssl").replace("broker.pem", "absent.pem");
    let output = shop.run(&untrusted, &["--until-end"]);
    assert_eq!(
        output.status.code(),
        Some(78),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    shop.broker = broker.address();
}
