//! What is done to a group in the middle of its work, and how long it takes to go on.

use std::thread;
use std::time::{Duration, Instant};

use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::broker::Broker;
use crate::fleet::Fleet;
use crate::progress::{Offsets, PATIENCE, Progress};
use crate::ruin::{self, SmallDisk};
use crate::shop::wait_for;
use crate::table::Table;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Kill,
    Term,
    Zombie,
    Scale,
    BrokerRestart,
    BrokerKill,
    FullDisk,
    TornSnapshot,
    Twin,
}

impl Fault {
    pub(crate) const ALL: [Self; 9] = [
        Self::Kill,
        Self::Term,
        Self::Zombie,
        Self::Scale,
        Self::BrokerRestart,
        Self::BrokerKill,
        Self::FullDisk,
        Self::TornSnapshot,
        Self::Twin,
    ];

    /// What the table calls the steps of it.
    pub(crate) const fn rows(self) -> &'static [&'static str] {
        match self {
            Self::Kill => &["kill -9, start"],
            Self::Term => &["SIGTERM, start"],
            Self::Zombie => &["SIGSTOP beyond all time-outs, SIGCONT"],
            Self::Scale => &["1 to 4 processes", "4 processes back to 1"],
            Self::BrokerRestart => &["broker stopped, started"],
            Self::BrokerKill => &["broker kill -9, start"],
            Self::FullDisk => &["disk full", "kill -9, start on a full disk"],
            Self::TornSnapshot => &["newest snapshots damaged, start"],
            Self::Twin => &["a second process of the same name"],
        }
    }

    /// How often in a round of its own.
    pub(crate) const fn times(self) -> usize {
        match self {
            Self::Kill => 4,
            Self::Term | Self::TornSnapshot => 3,
            Self::BrokerRestart | Self::BrokerKill | Self::Twin => 2,
            Self::Zombie | Self::Scale | Self::FullDisk => 1,
        }
    }

    /// Seconds that a paced input has to go on for it.
    pub(crate) const fn seconds(self) -> f64 {
        match self {
            Self::Kill | Self::Term | Self::TornSnapshot => 3.0,
            Self::FullDisk | Self::BrokerRestart | Self::BrokerKill | Self::Twin => 8.0,
            Self::Zombie => 24.0,
            Self::Scale => 28.0,
        }
    }
}

/// A round under way.
pub(crate) struct Stage<'a> {
    pub(crate) fleet: Fleet<'a>,
    pub(crate) broker: &'a Broker,
    pub(crate) progress: &'a Progress,
    pub(crate) disk: Option<SmallDisk>,
    pub(crate) rng: ChaCha8Rng,
    pub(crate) table: &'a mut Table,
    /// Session and transaction are over after it.
    pub(crate) time_outs: Duration,
}

impl Stage<'_> {
    pub(crate) fn strike(&mut self, fault: Fault) {
        match fault {
            Fault::Kill => self.restart(fault, |fleet, victim| fleet.kill(victim)),
            Fault::Term => self.restart(fault, |fleet, victim| fleet.term(victim)),
            Fault::Zombie => self.zombie(),
            Fault::Scale => self.scale(),
            Fault::BrokerRestart => self.broker_away(fault, |broker| broker.script("stop")),
            Fault::BrokerKill => self.broker_away(fault, |broker| broker.signal("KILL")),
            // Without the right to mount it is not done, which the table shows.
            Fault::FullDisk if self.disk.is_none() => {}
            Fault::FullDisk => self.full_disk(),
            Fault::TornSnapshot => self.torn_snapshot(),
            Fault::Twin => self.twin(),
        }
    }

    fn victim(&mut self) -> usize {
        *self.fleet.numbers().choose(&mut self.rng).unwrap()
    }

    pub(crate) fn pause(&mut self, at_most_ms: u64) {
        let ms = self.rng.gen_range(0..=at_most_ms);
        thread::sleep(Duration::from_millis(ms));
    }

    /// Waits until every partition has gone on from `floor`, and writes the seconds since `since` down.
    fn recovered(&mut self, row: &'static str, floor: &Offsets, since: Instant) {
        let fleet = &mut self.fleet;
        let seconds = self.progress.recovery(floor, since, || {
            fleet.revive();
        });
        self.table.done(row, seconds);
    }

    fn start_and_recover(&mut self, row: &'static str, victim: usize) {
        let before = self.progress.now();
        let since = Instant::now();
        self.fleet.start(victim);
        // Until it tells where it begins we may not know its last commit.
        self.fleet.member(victim).wait_for_log("live");
        let floor = self.fleet.floor(victim, &before);
        self.recovered(row, &floor, since);
    }

    fn restart(&mut self, fault: Fault, end: impl Fn(&mut Fleet<'_>, usize)) {
        let victim = self.victim();
        end(&mut self.fleet, victim);
        if self.rng.gen_bool(0.3) {
            self.pause(1_500);
        }
        self.start_and_recover(fault.rows()[0], victim);
    }

    /// It comes back to a group that has long given its partitions away, with a transaction that is long over.
    fn zombie(&mut self) {
        let victim = self.victim();
        self.fleet.member(victim).signal("STOP");
        thread::sleep(self.time_outs);
        self.pause(2_000);
        let floor = self.progress.fresh();
        let since = Instant::now();
        self.fleet.member(victim).signal("CONT");
        self.recovered(Fault::Zombie.rows()[0], &floor, since);
    }

    fn scale(&mut self) {
        let there = self.fleet.numbers();
        let since = Instant::now();
        let fresh: Vec<usize> = (0..4).filter(|number| !there.contains(number)).collect();
        for number in &fresh {
            self.fleet.start(*number);
        }
        for number in &fresh {
            self.fleet.member(*number).wait_for_log("live");
        }
        let floor = self.progress.now();
        self.recovered(Fault::Scale.rows()[0], &floor, since);
        self.pause(1_000);
        for number in fresh {
            if self.rng.gen_bool(0.5) {
                self.fleet.kill(number);
            } else {
                self.fleet.term(number);
            }
        }
        // Static members: their partitions are free when their sessions are over.
        let since = Instant::now();
        thread::sleep(Duration::from_millis(200));
        let floor = self.progress.now();
        self.recovered(Fault::Scale.rows()[1], &floor, since);
    }

    fn broker_away(&mut self, fault: Fault, end: impl Fn(&Broker)) {
        end(self.broker);
        self.pause(3_000);
        self.broker.script("start");
        let since = Instant::now();
        let floor = self.progress.fresh();
        self.recovered(fault.rows()[0], &floor, since);
    }

    /// Alerts go on, also through a restart; it says so, and what was there stays.
    fn full_disk(&mut self) {
        let victim = self.victim();
        let snapshots = ruin::snapshots(self.fleet.shop);
        wait_for("a snapshot", || (!snapshots().is_empty()).then_some(()));
        self.disk.as_ref().unwrap().fill();
        let (old, floor, since) = (snapshots(), self.progress.now(), Instant::now());
        self.recovered(Fault::FullDisk.rows()[0], &floor, since);
        self.fleet
            .member(victim)
            .wait_for_log("snapshot not written");
        self.fleet.kill(victim);
        self.start_and_recover(Fault::FullDisk.rows()[1], victim);
        assert_eq!(snapshots(), old, "snapshots on a full disk");
        self.disk.as_ref().unwrap().free();
        // With room again it leaves one when it ends.
        self.fleet.term(victim);
        assert_ne!(snapshots(), old, "snapshots on a disk with room again");
        self.fleet.start(victim);
    }

    fn torn_snapshot(&mut self) {
        let victim = self.victim();
        if self.rng.gen_bool(0.5) {
            self.fleet.kill(victim);
        } else {
            self.fleet.term(victim);
        }
        let torn = ruin::tear_newest(self.fleet.shop, &mut self.rng);
        self.start_and_recover(Fault::TornSnapshot.rows()[0], victim);
        let alone = self.fleet.numbers().len() == 1;
        if torn > 0 && alone {
            let log = self.fleet.member(victim).log();
            assert!(log.contains("not used"), "{log}");
        }
    }

    /// One of the two ends, and says why.
    fn twin(&mut self) {
        let victim = self.victim();
        let mut second = self.fleet.another(victim, &[]);
        let began = Instant::now();
        let first_ended = loop {
            if second.ended().is_some() {
                break false;
            }
            if self.fleet.has_ended(victim) {
                break true;
            }
            assert!(began.elapsed() < PATIENCE, "both of one name go on");
            thread::sleep(Duration::from_millis(10));
        };
        let (code, log) = if first_ended {
            let mut first = self.fleet.replace(victim, second);
            (first.ended().flatten(), first.log())
        } else {
            (second.ended().flatten(), second.log())
        };
        assert!(matches!(code, Some(75 | 78)), "exit code {code:?}: {log}");
        assert!(log.contains("another process"), "{log}");
        let floor = self.progress.fresh();
        self.recovered(Fault::Twin.rows()[0], &floor, Instant::now());
    }
}
