//! The examples of each command's help.

pub(super) const HOLDFAST: &str = "\
Examples:
  holdfast demo                                       see it work, in a minute
  holdfast train --events shop.jsonl --out model.json
  holdfast check --config holdfast.toml
  holdfast run --config holdfast.toml
";

pub(super) const DEMO: &str = "\
Examples:
  holdfast demo
  holdfast demo --preset saas
  holdfast demo --customers 5000 --speed max --out /tmp/shop
  holdfast demo --kafka 127.0.0.1:9092
";

pub(super) const RUN: &str = "\
Examples:
  holdfast run --config holdfast.toml
  holdfast run --config holdfast.toml --until-end     read what is there, then stop
  HOLDFAST__KAFKA__BOOTSTRAP_SERVERS=kafka:9092 holdfast run --config holdfast.toml

With the embedded log a killed run goes on where it stopped; stdin and stdout cannot do that.
";

pub(super) const CHECK: &str = "\
Examples:
  holdfast check --config holdfast.toml
  holdfast check --config holdfast.toml --show        every setting and who set it
";

pub(super) const TRAIN: &str = "\
Examples:
  holdfast train --events shop.jsonl --out model.json --report model.html
  holdfast train --events shop.jsonl.gz --horizon-days 90 --until 1767225600000 --out model.json
  holdfast train --events saas.jsonl --label subscription_cancel --active-days 0 --out model.json
";

pub(super) const EVALUATE: &str = "\
Examples:
  holdfast evaluate --events shop.jsonl --horizon-days 30 --out-dir backtest
  holdfast evaluate --events shop.jsonl --horizon-days 30 --out-dir backtest \\
    --capacity 200 --value 80 --saved 0.1 --cost 2
";

pub(super) const SCORE: &str = "\
Examples:
  holdfast score --events shop.jsonl --model model.json --cutoff-ms 1767225600000 --out scores.csv
  holdfast score --events shop.jsonl --model model.json --cutoff-ms 1764547200000,1767225600000 --out -
";

pub(super) const REPLAY: &str = "\
Examples:
  holdfast replay --events shop.jsonl --model model.json --out-dir replayed
  zcat shop.jsonl.gz | holdfast replay --events - --config holdfast.toml --out-dir replayed --json
  holdfast replay --config holdfast.toml --out-dir replayed                            the configuration's input
  holdfast replay --config holdfast.toml --from-snapshot latest --out-dir replayed     what comes after a snapshot

Nothing is sent and no offset is committed. From a snapshot it goes on as a replay from the start would from there on;
one of several partitions (a name, or a file of `snapshot export`) replays that partition alone.

Lines are an event or `key<TAB>event`; a key alone erases its customer.
";

pub(super) const REPORT: &str = "\
Examples:
  holdfast report --events shop.jsonl --out retention.html
  holdfast report --events shop.jsonl.gz --period week --time-zone Europe/Berlin --json retention.json
  holdfast report --events shop.jsonl --goal-crr 80 --goods consumables

Without --out and --json it prints a table. A customer is who bought within the last --alive-days or has a running
subscription.
";

pub(super) const EXPLAIN: &str = "\
Examples:
  holdfast explain --events shop.jsonl --model model.json --customer c0000042
  holdfast explain --events shop.jsonl --model model.json --customer c0000042 --at 1767225600000 --json
";

pub(super) const REKEY: &str = "\
Examples:
  holdfast rekey --events raw.jsonl --out events.jsonl
  holdfast rekey --events raw.jsonl.gz --out - | head -3
";

pub(super) const PRODUCTS: &str = "\
Examples:
  holdfast products --events events.jsonl --out products.jsonl
  holdfast products --events events.jsonl.gz | head -3
";

pub(super) const GENERATE: &str = "\
Examples:
  holdfast generate --customers 2000 --days 180 --seed 1 --out shop.jsonl --truth left.csv
  holdfast generate --preset saas --customers 2000 --days 240 --out accounts.jsonl
  holdfast generate --customers 500 --days 90 --seed 7 --out - | head -3
";

pub(super) const INIT: &str = "\
Examples:
  holdfast init --preset ecommerce
  holdfast init --preset saas --dir deploy/holdfast

It writes holdfast.toml, playbook.toml and playbook-cases.toml, and leaves alone what is there unless told --force.
";

pub(super) const RULES: &str = "\
Examples:
  holdfast rules list --preset saas
  holdfast rules test --playbook playbook.toml        with the cases in playbook-cases.toml beside it
  holdfast rules test --preset ecommerce --json

Exit code 0: every case gets the action that is expected; 1: one does not; 78: the table or its cases have faults.
";

pub(super) const SAMPLE: &str = "\
Examples:
  holdfast sample --preset ecommerce --n 5 | jq '{customer_id, text, do: .recommended_action.text}'
  holdfast sample --playbook playbook.toml --n 50 --seed 7 > training.jsonl

Nobody in it is real: a shop is made up from the seed and run through the engine. Equal arguments give equal bytes.
";

pub(super) const TOPICS: &str = "\
Examples:
  holdfast topics plan --config holdfast.toml
  holdfast topics apply --config holdfast.toml --dry-run
  holdfast topics acl --config holdfast.toml --principal User:holdfast
";

pub(super) const DLQ: &str = "\
Examples:
  holdfast dlq list --config holdfast.toml --reason invalid_timestamp
  holdfast dlq replay --config holdfast.toml --dry-run

Replay sends what it finds, each time: name a --from-offset behind what was sent before. Purchases,
refunds and subscription events that come twice are dropped, other events count again.
";

pub(super) const SNAPSHOT: &str = "\
Examples:
  holdfast snapshot list --config holdfast.toml
  holdfast snapshot verify --config holdfast.toml --partition 3
  holdfast snapshot export --config holdfast.toml --to s3://backup/holdfast
  holdfast snapshot import --config holdfast.toml --from /mnt/old/snapshots

Snapshots hold the ids of customers and what they did: keep copies as closely as the events themselves.
";

pub(super) const VERIFY: &str = "\
Examples:
  holdfast verify --config holdfast.toml
  holdfast verify --config holdfast.toml --json | jq .alerts
  holdfast verify --config holdfast.toml --from-snapshot oldest --model before.json

It reads input, journal and alerts up to the committed offset and changes nothing, also beside a run. Exit code 0: all
is equal; 1: something differs; 78: nothing differs, but something could not be compared, and why. Where the log's start
is gone it begins with the oldest snapshot that fits. What another model decided is compared when its file is given.
";

pub(super) const RESCALE: &str = "\
Examples:
  holdfast rescale --config holdfast.toml --partitions 8 --dry-run
  holdfast rescale --config holdfast.toml --partitions 8

In this order: stop those who write; let `holdfast run` read to the end, and stop it; rescale, which also gives the input
and the journal topic their new partitions; start again. All of the state is in memory meanwhile.
";

pub(super) const FORGET: &str = "\
Examples:
  holdfast forget c0000042 --config holdfast.toml
  holdfast forget - --config holdfast.toml < ids.txt         one id a line
  holdfast forget c0000042 --config holdfast.toml --check    does a snapshot still hold them?

With --check the exit code is 0 if no snapshot holds them, 1 if one does or cannot be searched, and 78 if there is no
snapshot that could tell.

It appends a tombstone under the id to the input. A source may do the same, or send an event of
type privacy_delete. Events dated within [erasure] block (30 days) after it are left out.
";

pub(super) const SCHEMA: &str = "\
Examples:
  holdfast schema                                     what there is
  holdfast schema alert > alert.schema.json
";

pub(super) const COMPLETIONS: &str = "\
Examples:
  holdfast completions bash > /etc/bash_completion.d/holdfast
  holdfast completions zsh > ~/.zfunc/_holdfast
";
