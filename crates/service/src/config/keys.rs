//! Every key the configuration knows, with what it means and its default: the one list behind the checks, the
//! nearest-name hints, `check --show` and `schema config`.

mod told;

use told::TOLD;

/// One known key.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    /// As TOML; empty when there is none or it depends on another key.
    pub(super) default: &'static str,
    pub(super) about: &'static str,
}

const fn key(name: &'static str, default: &'static str, about: &'static str) -> Key {
    Key {
        name,
        default,
        about,
    }
}

/// Every key.
pub(super) fn all() -> impl Iterator<Item = &'static Key> {
    OWN.iter().chain(TOLD)
}

/// Those of what is told beside alerts stand in [`TOLD`].
const OWN: &[Key] = &[
    key(
        "app.id",
        "\"holdfast\"",
        "name of this deployment; prefix of group and transactional ids",
    ),
    key(
        "app.tenant",
        "\"default\"",
        "part of every alert's identity",
    ),
    key(
        "app.time_zone",
        "\"UTC\"",
        "IANA zone whose days reports use",
    ),
    key("source.kind", "\"kafka\"", "kafka or log"),
    key(
        "kafka.bootstrap_servers",
        "\"127.0.0.1:9092\"",
        "host:port, comma separated",
    ),
    key("kafka.group_id", "", "consumer group; default: app.id"),
    key(
        "kafka.instance_id",
        "",
        "static member id, stable over restarts; default: app.id + \"-0\"",
    ),
    key(
        "kafka.allow_plaintext",
        "false",
        "reach brokers on other machines without encryption",
    ),
    key("topics.input", "\"events\"", "topic that is read"),
    key("topics.alerts", "\"at-risk\"", "topic that alerts go to"),
    key(
        "topics.dead_letters",
        "",
        "topic of rejected records; default: input + \".dlq\"",
    ),
    key(
        "topics.segments",
        "\"segments\"",
        "topic of customers that changed their segment; off for none",
    ),
    key(
        "topics.lifecycle",
        "\"lifecycle\"",
        "topic of customers that lapsed, came back, left or are due something; off for none",
    ),
    key(
        "topics.carts",
        "\"carts\"",
        "topic of carts that were left; off for none",
    ),
    key(
        "topics.decisions",
        "\"decisions\"",
        "topic of every decision, unsent ones included; off for none",
    ),
    key(
        "topics.kpis",
        "\"kpis\"",
        "topic of figures by period, compacted; off for none",
    ),
    key(
        "topics.worklist",
        "\"worklist\"",
        "topic of whom to write to each day; off for none",
    ),
    key(
        "topics.partials",
        "",
        "internal topic, of one partition, that figures are added up from; default: app.id + \".partials\"",
    ),
    key(
        "topics.journal",
        "",
        "internal topic of decisions and ticks, for restarts; default: app.id + \".journal\"",
    ),
    key("model.path", "", "model file written by `holdfast train`"),
    key(
        "model.challenger",
        "",
        "another model of the same question, which is only held against its outcomes beside the first; read at the start",
    ),
    key("policy.mode", "\"episodes\"", "episodes or plain"),
    key(
        "policy.open",
        "0.8",
        "probability at which an episode opens; unset: the model file's, else this",
    ),
    key(
        "policy.close",
        "0.7",
        "probability at which an episode recovers; unset: the model file's, else this",
    ),
    key(
        "policy.bands",
        "[0.9]",
        "probabilities at which an open episode escalates",
    ),
    key(
        "policy.dwell",
        "\"1d\"",
        "an episode recovers no sooner than this after its opening",
    ),
    key(
        "policy.cooldown",
        "\"7d\"",
        "no new episode within this after a close",
    ),
    key(
        "policy.hard_churn",
        "[\"account_closed\", \"subscription_cancel\", \"subscription_expire\"]",
        "event types that close an episode as churned; with subscription_expire a last contract that runs out does too",
    ),
    key(
        "policy.control_share",
        "0.0",
        "share of customers, drawn by id, who are decided on and not alerted: the control group",
    ),
    key(
        "policy.control_salt",
        "\"holdfast\"",
        "another salt draws another control group",
    ),
    key("silence.enabled", "true", "silence alone raises alerts"),
    key(
        "silence.clock",
        "\"wall\"",
        "what moves time on an idle partition: wall or event",
    ),
    key(
        "silence.grace",
        "\"1h\"",
        "how far deadlines stay behind the clock, for disorder",
    ),
    key(
        "silence.idle_after",
        "\"30s\"",
        "a partition without records for this long is idle",
    ),
    key(
        "events.dedupe",
        "true",
        "drop duplicate money and subscription events",
    ),
    key(
        "events.strict",
        "false",
        "reject unknown event types instead of counting them as activity",
    ),
    key(
        "events.max_future",
        "\"1h\"",
        "how far an event may be dated after its record",
    ),
    key(
        "erasure.block",
        "\"30d\"",
        "after an erasure, events of that customer dated up to this much later are left out",
    ),
    key(
        "log.input",
        "\"events\"",
        "directory of segments, one file, or - for stdin",
    ),
    key(
        "log.output",
        "\"out\"",
        "directory of outputs, or - for stdout",
    ),
    key(
        "features.cart_abandon.source",
        "",
        "given or derived; default: the model file's, derived in training",
    ),
    key(
        "features.cart_abandon.after",
        "",
        "idle time after which a cart counts as abandoned; default: 1h",
    ),
    key(
        "features.max_customers",
        "",
        "customers one partition may hold, beyond which events of new ones are dropped; default: no limit",
    ),
    key(
        "playbook.rules",
        "\"ecommerce\"",
        "rule table that says what to do: ecommerce or saas as shipped, a file, or off",
    ),
    key(
        "playbook.products",
        "",
        "catalogue of what is sold, as `holdfast products` writes it: alerts suggest products; default: none",
    ),
    key(
        "alerts.not_before",
        "",
        "alerts dated earlier are not sent: ms, a date, or an RFC 3339 instant",
    ),
    key("alerts.format", "\"json\"", "json or spec"),
    key(
        "money.currency",
        "",
        "ISO 4217 code, or ignore; default: the model file's",
    ),
    key(
        "http.listen",
        "\"127.0.0.1:9464\"",
        "address of /metrics, /livez, /readyz; off for none",
    ),
    key(
        "run.watchdog",
        "\"5m\"",
        "a process of which a part hangs for this long ends with 70, to be started again; off for never",
    ),
    key(
        "run.skip",
        "",
        "records, as [\"partition:offset\"], that go to the dead letters unseen: those that a worker panics over",
    ),
    key(
        "snapshot.enabled",
        "true",
        "keep images of the state, so that a restart need not read the whole log",
    ),
    key(
        "snapshot.location",
        "",
        "directory, file:///path or s3://bucket/prefix (credentials and endpoint: AWS_* variables); default: snapshots, for the embedded log output + \"/snapshots\"",
    ),
    key(
        "snapshot.interval",
        "\"60s\"",
        "an image is taken at least so often while there is something new",
    ),
    key(
        "snapshot.every_events",
        "1000000",
        "and after so many events of a partition",
    ),
    key(
        "snapshot.keep",
        "3",
        "generations kept of each partition, at least 3",
    ),
];

/// Tables whose keys are the user's own.
pub(super) const FREE: [&str; 2] = ["kafka.properties", "events.mapping"];

pub(super) fn find(name: &str) -> Option<&'static Key> {
    all().find(|k| k.name == name)
}

/// The free table that `name` lies in, if any.
pub(super) fn free_table(name: &str) -> Option<&'static str> {
    FREE.into_iter().find(|t| {
        name.strip_prefix(t)
            .is_some_and(|rest| rest.starts_with('.'))
    })
}

/// Whether `name` is a table of known keys.
pub(super) fn is_table(name: &str) -> bool {
    let inside = |full: &str| {
        full.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    FREE.contains(&name) || FREE.iter().any(|t| inside(t)) || all().any(|k| inside(k.name))
}

/// The known key nearest to `name`, if one is near enough to be meant.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let last = |n: &str| n.rsplit('.').next().map(str::to_owned).unwrap_or_default();
    let tables = FREE.into_iter();
    let names = all().map(|k| k.name).chain(tables);
    let score = |candidate: &str| {
        let whole = strsim::normalized_damerau_levenshtein(name, candidate);
        // A right key in a wrong table (`[topics] group_id`) is near too.
        let same = if last(name) == last(candidate) {
            0.85
        } else {
            0.0
        };
        whole.max(same)
    };
    names
        .map(|n| (score(n), n))
        .filter(|(s, _)| *s >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, n)| n)
}
