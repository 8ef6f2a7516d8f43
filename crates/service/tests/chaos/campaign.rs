//! Which rounds there are, and one round from its topics to the verdict.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use holdfast_consumer::{LineBatch, LineReader, Probe, TopicState};
use holdfast_producer::{Feeder, Outgoing};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::broker::Broker;
use crate::faults::{Fault, Stage};
use crate::fleet::Fleet;
use crate::progress::Progress;
use crate::ruin::SmallDisk;
use crate::scene::{PARTITIONS, Scene};
use crate::shop::{EVENT_CLOCK, Shop, plain_model, wait_for};
use crate::table::Table;

/// Short sessions for tests, so the broker has to allow them; and topics of old rounds go at once.
const BROKER: &str = "group.min.session.timeout.ms=1000\nlog.segment.delete.delay.ms=1000\n";
const SNAPSHOTS: &str = "[snapshot]\ninterval = \"1s\"\nevery_events = 20000\n";
/// How often a paced input is fed.
const TICK: Duration = Duration::from_millis(20);

pub(crate) struct Campaign {
    seed: u64,
    /// None is the short campaign of the tests.
    rounds: Option<usize>,
    only: Option<usize>,
}

struct Round {
    number: usize,
    faults: Vec<Fault>,
    paced: bool,
    processes: usize,
}

impl Campaign {
    pub(crate) fn from_env() -> Self {
        let number = |name: &str| {
            let text = std::env::var(name).ok().filter(|text| !text.is_empty());
            text.map(|text| {
                text.parse::<u64>()
                    .unwrap_or_else(|e| panic!("{name}: {e}"))
            })
        };
        let count = |name: &str| number(name).map(|n| usize::try_from(n).unwrap());
        Self {
            seed: number("HOLDFAST_CHAOS_SEED").unwrap_or(1),
            rounds: count("HOLDFAST_CHAOS_ROUNDS"),
            only: count("HOLDFAST_CHAOS_ROUND"),
        }
    }

    /// Runs all rounds and prints the table; what was wrong, and how to see it again.
    #[expect(clippy::print_stdout, reason = "the table is what the campaign is for")]
    pub(crate) fn run(&self) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        let broker = Broker::start("chaos", |_| BROKER.to_owned());
        let (mut scenes, mut table, mut wrong) = (BTreeMap::new(), Table::default(), Vec::new());
        for round in self.plan() {
            let customers = self.customers(round.paced);
            let scene = scenes
                .entry(customers)
                .or_insert_with(|| Scene::new(dir.path(), customers, self.seed));
            let began = Instant::now();
            let mut run = || self.round(&round, scene, &broker, &mut table);
            let verdict = catch_unwind(AssertUnwindSafe(&mut run)).unwrap_or_else(|panic| {
                let text = panic
                    .downcast_ref::<String>()
                    .map_or("panicked", String::as_str);
                Some(without_log(text))
            });
            let about = self.about(&round);
            let seconds = began.elapsed().as_secs();
            println!(
                "{about}: {seconds} s, {}",
                verdict.as_deref().unwrap_or("right")
            );
            if let Some(text) = verdict {
                wrong.push(format!("{about}: {text}\n  again: {}", self.again(&round)));
                // The next round needs it.
                broker.script("start");
            }
        }
        println!("\n{}", table.markdown());
        wrong
    }

    fn customers(&self, paced: bool) -> u32 {
        match (self.rounds, paced) {
            (None, _) => 800,
            (Some(_), true) => 3_000,
            (Some(_), false) => 10_000,
        }
    }

    fn rng(&self, stream: usize) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(stream as u64);
        rng
    }

    fn plan(&self) -> Vec<Round> {
        let Some(count) = self.rounds else {
            return short();
        };
        let all = (0..count).map(|number| self.draw(number));
        all.filter(|round| self.only.is_none_or(|only| only == round.number))
            .collect()
    }

    /// Each fault by itself in its turn, in another order each time, and every third round several of them.
    fn draw(&self, number: usize) -> Round {
        let kinds = Fault::ALL.len();
        let (turn, place) = (number / (kinds + 4), number % (kinds + 4));
        let mut order: Vec<Option<Fault>> = Fault::ALL.into_iter().map(Some).collect();
        order.extend([None; 4]);
        order.shuffle(&mut self.rng(1_000_000 + turn));
        let mut rng = self.rng(number);
        let faults = match order[place] {
            Some(fault) => vec![fault; fault.times()],
            None => (0..4)
                .map(|_| *Fault::ALL.choose(&mut rng).unwrap())
                .collect(),
        };
        let alone = faults.contains(&Fault::Scale) || faults.contains(&Fault::FullDisk);
        Round {
            number,
            // A full disk has to be met by snapshots still to come.
            paced: faults.contains(&Fault::FullDisk) || rng.gen_bool(0.5),
            processes: if alone || rng.gen_bool(0.6) { 1 } else { 2 },
            faults,
        }
    }

    fn about(&self, round: &Round) -> String {
        let names: Vec<String> = round
            .faults
            .iter()
            .map(|fault| format!("{fault:?}"))
            .collect();
        let input = if round.paced { "paced" } else { "unpaced" };
        format!(
            "round {} (seed {}, {input}, {}: {})",
            round.number,
            self.seed,
            round.processes,
            names.join(" ")
        )
    }

    fn again(&self, round: &Round) -> String {
        match self.rounds {
            Some(_) => format!(
                "make chaos ARGS=\"--seed {} --round {}\"",
                self.seed, round.number
            ),
            None => "scripts/test.sh kafka tests".to_owned(),
        }
    }

    /// None when all is right.
    fn round(
        &self,
        round: &Round,
        scene: &Scene,
        broker: &Broker,
        table: &mut Table,
    ) -> Option<String> {
        let (shop, more, time_outs) = self.shop(broker);
        let disk = round
            .faults
            .contains(&Fault::FullDisk)
            .then(|| SmallDisk::under_snapshots(&shop));
        let disk = disk.flatten();
        let progress = Progress::follow(shop.client(), scene.ends.clone());
        let mut stage = Stage {
            fleet: Fleet::new(&shop, &more),
            broker,
            progress: &progress,
            disk,
            rng: self.rng(round.number),
            table,
            time_outs,
        };
        let seconds: f64 = round.faults.iter().map(|fault| fault.seconds()).sum();
        // Most of it goes by waiting for time-outs.
        let seconds = if self.rounds.is_some() {
            seconds
        } else {
            seconds * 0.35
        };
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let guard = Over(&over);
            if !round.paced {
                feed(&shop, &scene.path, None);
            }
            let feeding = round.paced.then(|| {
                // Slow enough for any machine; what is left at the end comes at once.
                let rate = scene.records() as f64 / (3.0 * seconds + 30.0);
                let pace = Pace { rate, over: &over };
                let shop = &shop;
                scope.spawn(move || feed(shop, &scene.path, Some(pace)))
            });
            (0..round.processes).for_each(|number| stage.fleet.start(number));
            for (turn, fault) in round.faults.iter().enumerate() {
                if round.paced {
                    stage.pause(1_500);
                }
                let turn = turn as f64 + stage.rng.gen_range(0.1..0.9);
                let share = 0.8 * turn / round.faults.len() as f64;
                progress.wait_for_share(if round.paced { 0.001 } else { share });
                stage.strike(*fault);
            }
            drop(guard);
            if let Some(feeding) = feeding {
                feeding.join().unwrap();
            }
        });
        stage.fleet.finish();
        let difference = scene.judge(&shop);
        let rows = round.faults.iter().flat_map(|fault| fault.rows());
        let mut rows: Vec<_> = rows.copied().collect();
        rows.sort_unstable();
        rows.dedup();
        table.judge(&rows, difference);
        (!difference.is_none()).then(|| format!("{difference:?}"))
    }

    /// Topics and directory of a round, what its configuration adds, and after which time sessions and transactions
    /// are over. The long campaign keeps the product's own time-outs.
    fn shop(&self, broker: &Broker) -> (Shop, String, Duration) {
        let mut shop = Shop::without_topics("chaos", &plain_model(), EVENT_CLOCK);
        shop.broker = broker.address();
        shop.create_topics(PARTITIONS.cast_signed());
        wait_until_there(&shop);
        let short = "[kafka.properties]\n\"session.timeout.ms\" = 3000\n\"heartbeat.interval.ms\" = 300\n\
                     \"transaction.timeout.ms\" = 4000\n";
        match self.rounds {
            None => (shop, format!("{SNAPSHOTS}{short}"), Duration::from_secs(6)),
            Some(_) => (shop, SNAPSHOTS.to_owned(), Duration::from_secs(17)),
        }
    }
}

/// Logs of processes stand on stderr as a whole.
fn without_log(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.split("{\"").next().unwrap_or(line).trim());
    let words: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    words.join(" ").chars().take(1_000).collect()
}

/// What was made may not be known to all of a busy broker yet, and a start would call it missing.
fn wait_until_there(shop: &Shop) {
    let probe = Probe::new(&shop.client()).unwrap();
    for topic in [
        shop.input(),
        shop.alerts(),
        shop.dead_letters(),
        shop.journal(),
    ] {
        wait_for("the topics", || {
            let state = probe.topic(&topic, Duration::from_secs(5));
            matches!(state, TopicState::Partitions(_)).then_some(())
        });
    }
}

/// The rounds of the short campaign: every fault once.
fn short() -> Vec<Round> {
    use Fault::{BrokerKill, FullDisk, Kill, Scale, Term, TornSnapshot, Twin, Zombie};
    let rounds = [
        vec![Kill, Term, TornSnapshot, FullDisk],
        vec![Zombie, BrokerKill, Twin, Scale],
    ];
    let rounds = rounds.into_iter().enumerate();
    rounds
        .map(|(number, faults)| Round {
            number,
            faults,
            paced: true,
            processes: 1,
        })
        .collect()
}

/// How fast records are sent.
struct Pace<'a> {
    /// A second.
    rate: f64,
    /// From then on as fast as it goes.
    over: &'a AtomicBool,
}

impl Pace<'_> {
    fn holds(&self, sent: u64, began: Instant) -> bool {
        sent as f64 > began.elapsed().as_secs_f64() * self.rate
            && !self.over.load(Ordering::Acquire)
    }
}

/// Lets the rest of the input go, also when a round fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Sends all records.
fn feed(shop: &Shop, path: &Path, pace: Option<Pace<'_>>) {
    let feeder = Feeder::new(&shop.client()).unwrap();
    let mut reader = LineReader::open(path).unwrap();
    let mut batch = LineBatch::default();
    let (mut sent, began) = (0_u64, Instant::now());
    while reader.read_batch(&mut batch).unwrap() {
        for record in batch.records() {
            while pace.as_ref().is_some_and(|pace| pace.holds(sent, began)) {
                thread::sleep(TICK);
            }
            let outgoing = Outgoing {
                key: record.key,
                value: record.value,
                ..Outgoing::default()
            };
            feeder.send(&shop.input(), outgoing).unwrap();
            sent += 1;
        }
    }
    feeder.finish().unwrap();
}
