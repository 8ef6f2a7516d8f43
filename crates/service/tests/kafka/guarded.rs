//! A broker that lets nobody in without a password or a certificate, and nobody do what was not allowed.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::broker::Broker;
use crate::shop::{Shop, binary, root};

const STORE_PASSWORD: &str = "hush-store";
pub(crate) const PASSWORD: &str = "hush-right";

/// Whom the service is let in as, and those who look after it.
pub(crate) const SERVICE: &str = "holdfast";
pub(crate) const DESK: &str = "desk";

pub(crate) struct Guarded {
    broker: Broker,
    pub(crate) dir: TempDir,
}

impl Guarded {
    pub(crate) fn start(name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        certify(dir.path());
        let mut format = String::new();
        for user in [SERVICE, DESK, "admin"] {
            writeln!(
                format,
                "--add-scram\nSCRAM-SHA-512=[name={user},password={PASSWORD}]"
            )
            .unwrap();
        }
        let broker =
            Broker::start_formatted(name, format.trim(), |port| properties(dir.path(), port));
        let guarded = Self { broker, dir };
        for store in [SERVICE, "expired", "stranger"] {
            private(&guarded.path(&format!("{store}.p12")));
        }
        let admin = format!(
            "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\n\
             sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username=\"admin\" \
             password=\"{PASSWORD}\";\nssl.truststore.type=PEM\nssl.truststore.location={}\n",
            guarded.path("broker.pem").display()
        );
        fs::write(guarded.path("admin.properties"), admin).unwrap();
        guarded.secret("password", PASSWORD);
        guarded.secret("store-password", STORE_PASSWORD);
        guarded
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn secret(&self, name: &str, text: &str) {
        fs::write(self.path(name), format!("{text}\n")).unwrap();
        private(&self.path(name));
    }

    /// Where anybody on this machine may do everything.
    pub(crate) fn open_door(&self) -> String {
        self.broker.address()
    }

    /// Where a password is asked for, and how it is given.
    pub(crate) fn scram(&self, user: &str) -> (String, String) {
        let properties = format!(
            "[kafka.properties]\n\"security.protocol\" = \"sasl_ssl\"\n\"ssl.ca.location\" = {:?}\n\
             \"sasl.mechanism\" = \"SCRAM-SHA-512\"\n\"sasl.username\" = {user:?}\n\"sasl.password_file\" = {:?}\n",
            self.path("broker.pem"),
            self.path("password"),
        );
        (format!("127.0.0.1:{}", self.broker.port() + 2), properties)
    }

    /// Where a certificate is asked for, and how that of a key store is shown.
    pub(crate) fn mutual(&self, store: &str) -> (String, String) {
        let properties = format!(
            "[kafka.properties]\n\"security.protocol\" = \"ssl\"\n\"ssl.ca.location\" = {:?}\n\
             \"ssl.keystore.location\" = {:?}\n\"ssl.keystore.password_file\" = {:?}\n",
            self.path("broker.pem"),
            self.path(store),
            self.path("store-password"),
        );
        (format!("127.0.0.1:{}", self.broker.port() + 3), properties)
    }

    /// Does what `topics acl` of the shop's configuration prints, as it is printed.
    pub(crate) fn allow(&self, shop: &mut Shop, who: &str, role: &str) {
        let (door, properties) = self.scram("admin");
        let open = std::mem::replace(&mut shop.broker, door);
        let config = shop.config(&properties);
        shop.broker = open;
        let script = Command::new(binary())
            .args(["topics", "acl", "--for", role, "--config"])
            .arg(&config)
            .args(["--principal", &format!("User:{who}")])
            .output()
            .unwrap();
        assert!(script.status.success());
        // The shell takes the commands apart, and all go to one Java program: starting one for each takes long.
        let shim = self.path("bin/kafka-acls.sh");
        fs::create_dir_all(self.path("bin")).unwrap();
        fs::write(&shim, "#!/bin/sh\nprintf '%s\\n' \"$@\" ''\n").unwrap();
        fs::set_permissions(&shim, Permissions::from_mode(0o755)).unwrap();
        let path = format!(
            "{}:{}",
            self.path("bin").display(),
            std::env::var("PATH").unwrap()
        );
        let commands = Command::new("sh")
            .arg("-ec")
            .arg(String::from_utf8(script.stdout).unwrap())
            .env("PATH", path)
            .output()
            .unwrap();
        assert!(commands.status.success());
        self.acls(&String::from_utf8(commands.stdout).unwrap());
    }

    /// Gives (`--add`) or takes (`--remove`) one right of the service, such as `["--topic", "x"]`.
    pub(crate) fn change(&self, how: &str, operation: &str, on: &[&str]) {
        let door = self.scram("admin").0;
        let mut args = vec![
            "--bootstrap-server",
            &door,
            "--command-config",
            "admin.properties",
            how,
        ];
        let who = format!("User:{SERVICE}");
        args.extend(["--allow-principal", &who, "--operation", operation]);
        args.extend(on);
        self.acls(&format!("{}\n\n", args.join("\n")));
    }

    fn acls(&self, commands: &str) {
        let file = self.path("commands");
        fs::write(&file, commands).unwrap();
        let output = Command::new(
            root()
                .canonicalize()
                .unwrap()
                .join("benches/kafka/kafka.sh"),
        )
        .arg("acls")
        .stdin(Stdio::from(fs::File::open(&file).unwrap()))
        .current_dir(self.dir.path())
        .output()
        .unwrap();
        assert!(
            output.status.success(),
            "{commands}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

fn keytool(dir: &Path, store: &str, args: &[&str]) {
    let output = Command::new("keytool")
        .args(args)
        .args(["-alias", "it", "-storepass", STORE_PASSWORD, "-noprompt"])
        .args(["-keystore", &format!("{store}.p12")])
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&output.stdout)
    );
}

/// The broker's certificate, one authority that it trusts, and certificates of clients: good, expired, and of nobody.
fn certify(dir: &Path) {
    let key = |store: &str, more: &[&str]| {
        let name = format!("CN={store}");
        let mut args = vec!["-genkeypair", "-keyalg", "EC", "-dname", &name];
        args.extend(more);
        keytool(dir, store, &args);
    };
    let export = |store: &str| {
        let file = format!("{store}.pem");
        keytool(dir, store, &["-exportcert", "-rfc", "-file", &file]);
    };
    key("broker", &["-ext", "san=ip:127.0.0.1"]);
    export("broker");
    key("authority", &["-ext", "bc:c"]);
    export("authority");
    key("stranger", &[]);
    for (store, begin) in [(SERVICE, "-1d"), ("expired", "-9d")] {
        key(store, &[]);
        keytool(dir, store, &["-certreq", "-file", "request"]);
        let sign = [
            "-gencert", "-rfc", "-infile", "request", "-outfile", "signed",
        ];
        keytool(
            dir,
            "authority",
            &[&sign[..], &["-startdate", begin, "-validity", "7"]].concat(),
        );
        let chain =
            ["signed", "authority.pem"].map(|file| fs::read_to_string(dir.join(file)).unwrap());
        fs::write(dir.join("chain"), chain.concat()).unwrap();
        keytool(dir, store, &["-importcert", "-file", "chain"]);
    }
}

fn private(path: &Path) {
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

/// Listeners and the authorizer. On the open door everybody is an administrator.
fn properties(dir: &Path, plain: u16) -> String {
    let store = dir.join("broker.p12");
    let store = store.display();
    let (controller, scram, mutual) = (plain + 1, plain + 2, plain + 3);
    let doors = format!("SCRAM://127.0.0.1:{scram},MUTUAL://127.0.0.1:{mutual}");
    let trusted = dir.join("authority.pem");
    let mut text = format!(
        "listeners=PLAINTEXT://127.0.0.1:{plain},CONTROLLER://127.0.0.1:{controller},{doors}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{plain},{doors}\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SCRAM:SASL_SSL,MUTUAL:SSL\n\
         authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n\
         super.users=User:admin;User:ANONYMOUS\n\
         sasl.enabled.mechanisms=SCRAM-SHA-512\n\
         listener.name.scram.scram-sha-512.sasl.jaas.config=\
         org.apache.kafka.common.security.scram.ScramLoginModule required;\n\
         ssl.principal.mapping.rules=RULE:^CN=(.*)$/$1/,DEFAULT\n\
         listener.name.mutual.ssl.client.auth=required\n\
         listener.name.mutual.ssl.truststore.type=PEM\n\
         listener.name.mutual.ssl.truststore.location={}\n",
        trusted.display()
    );
    for name in ["scram", "mutual"] {
        writeln!(
            text,
            "listener.name.{name}.ssl.keystore.location={store}\n\
             listener.name.{name}.ssl.keystore.password={STORE_PASSWORD}\n\
             listener.name.{name}.ssl.keystore.type=PKCS12"
        )
        .unwrap();
    }
    text
}
