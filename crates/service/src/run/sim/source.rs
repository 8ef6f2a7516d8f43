//! The engine's three ends, on the simulated broker: source, transactions and journal.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use holdfast_consumer::{Batch, CommittedAt, Partitions, Polled, Source, SourceError};
use holdfast_producer::transactions::{Failure, SinkHealth, Transactions};
use holdfast_producer::{Outputs, Position, SinkError};

use super::broker::{Refused, Turn};
use super::life::Life;
use super::world::World;
use crate::run::RunError;
use crate::run::handover::Handover;
use crate::run::journal::Place;

pub(super) const KILLED: &str = "killed";

pub(super) struct SimSource {
    pub(super) world: Arc<World>,
    pub(super) life: Arc<Life>,
    pub(super) handover: Arc<Handover>,
    pub(super) health: Arc<SinkHealth>,
    /// Where reading goes on.
    pub(super) held: BTreeMap<i32, i64>,
}

impl SimSource {
    /// Follows the group.
    fn follow(&mut self) -> Result<(), SourceError> {
        let me = self.life.serial;
        let held: BTreeSet<i32> = self.held.keys().copied().collect();
        let turn = self.world.broker().turn(me, &held);
        let committing = self.life.committing.load(Ordering::Relaxed);
        match turn {
            Turn::Nothing => {}
            Turn::Join => self.world.broker().join(me, self.life.slot),
            Turn::Replaced => {
                let text = "another process has our place".to_owned();
                return Err(SourceError::Temporary(text));
            }
            // The reading thread waits for the committing one then; here it comes again once that is through.
            Turn::Lost if committing => self.health.cancel(),
            Turn::Revoke(_) if committing => {}
            Turn::Lost => {
                let all: Vec<i32> = held.into_iter().collect();
                self.world.count(|counts| counts.lost += 1);
                self.world.tell(|| format!("{me} lost {all:?}"));
                self.handover.revoked(&all, true);
                self.held.clear();
                self.world.broker().release(me, &all);
            }
            Turn::Revoke(going) => {
                self.world.count(|counts| counts.revoked += 1);
                self.world.tell(|| format!("{me} gives {going:?}"));
                self.handover.revoked(&going, false);
                self.held.retain(|partition, _| !going.contains(partition));
                self.world.broker().release(me, &going);
            }
            Turn::Take(partition) => self.take(partition)?,
        }
        Ok(())
    }

    fn take(&mut self, partition: i32) -> Result<(), SourceError> {
        let open = self.world.broker().is_open(partition);
        if let Some(open) = open {
            // Somebody's last transaction: it is waited for, and the coordinator does not wait for ever.
            if self.world.one_in(3) {
                self.world.broker().time_out(open);
            }
            return Ok(());
        }
        let given = self.world.broker().own(self.life.serial, partition);
        self.world
            .tell(|| format!("{} takes {given:?}", self.life.serial));
        let resumed = given.committed.is_some();
        self.world.count(|counts| counts.assigned += 1);
        let starts = self
            .handover
            .assigned(&[given])
            .map_err(SourceError::from)?;
        for start in starts {
            self.world.count(|counts| {
                counts.restored += u64::from(start.offset > 0);
                counts.rebuilt += u64::from(resumed && start.offset == 0);
            });
            self.held.insert(start.partition, start.offset);
        }
        Ok(())
    }
}

impl Source for SimSource {
    fn poll(&mut self, _: Duration) -> Result<Polled, SourceError> {
        if self.life.is_dead() {
            return Err(SourceError::Temporary(KILLED.to_owned()));
        }
        self.follow()?;
        if self.life.is_dead() {
            return Err(SourceError::Temporary(KILLED.to_owned()));
        }
        if self.life.full.load(Ordering::Relaxed) {
            // Nothing is read while nobody has room for it; the group is followed all the same.
            return Ok(Polled::Nothing);
        }
        let held: Vec<(i32, i64)> = self.held.iter().map(|(p, at)| (*p, *at)).collect();
        let Some((partition, from)) = self.world.pick(&held) else {
            return Ok(Polled::Nothing);
        };
        let most = self.world.size(1, 40);
        let (records, offset, log_end) = self.world.broker().read(partition, from, most);
        if let Some(last) = records.last() {
            self.held.insert(partition, last.offset + 1);
            return Ok(Polled::Batch(Batch::of_records(
                partition,
                records,
                Some(log_end),
            )));
        }
        let offset = offset.max(from);
        self.held.insert(partition, offset);
        Ok(Polled::End {
            partition,
            offset,
            log_end,
            asked_ms: Some(self.world.now()),
        })
    }

    fn close(self: Box<Self>) {
        self.world.broker().leave(self.life.serial);
    }
}

pub(super) struct SimTransactions {
    pub(super) world: Arc<World>,
    pub(super) life: Arc<Life>,
    pub(super) health: Arc<SinkHealth>,
    pub(super) id: String,
    pub(super) epoch: u64,
}

impl SimTransactions {
    /// Others go on while this one waits for the broker, and it may not live to hear the answer.
    fn elapse(&self) -> Result<(), Failure> {
        self.world.elapse(self.life.serial);
        if self.life.is_dead() {
            return Err(Failure::Unknown(KILLED.to_owned()));
        }
        Ok(())
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Fenced => Self::Fenced("fenced".to_owned()),
            Refused::Stranger => Self::Abortable("not a member".to_owned()),
        }
    }
}

impl Transactions for SimTransactions {
    fn id(&self) -> &str {
        &self.id
    }

    fn health(&self) -> &Arc<SinkHealth> {
        &self.health
    }

    fn transact(&mut self, outputs: &Outputs, positions: &[Position]) -> Result<(), Failure> {
        self.elapse()?;
        self.world.broker().send(&self.id, self.epoch, outputs)?;
        if self.world.harmed_one_in(12) {
            self.world.count(|counts| counts.aborted += 1);
            return Err(Failure::Abortable("a delivery failed".to_owned()));
        }
        self.elapse()?;
        let producer = (self.id.as_str(), self.epoch);
        let staged = (self.world.broker()).stage(producer, self.life.serial, positions);
        let alone = self.life.waiting.load(Ordering::Relaxed) > 0 || self.world.is_deepest();
        if staged == Err(Refused::Stranger) && alone {
            // Its reader would call the commit off, but this happens inside of its own waiting. So it ends here, as it
            // may anywhere.
            self.life.end();
            return Err(Failure::Unknown(KILLED.to_owned()));
        }
        staged?;
        self.elapse()?;
        let unheard = self.world.harmed_one_in(10);
        if unheard && self.world.one_in(2) {
            // The request is on its way still, and may come in as long as nobody bars it.
            self.world.count(|counts| counts.late += 1);
            self.world.late(&self.id, self.epoch);
            return Err(Failure::Unknown("no answer".to_owned()));
        }
        self.world.tell(|| {
            let places = positions
                .iter()
                .map(|p| (p.partition, p.next_offset, p.metadata.journal));
            let places: Vec<_> = places.collect();
            format!("{} commits {places:?}", self.life.serial)
        });
        self.world.broker().commit(&self.id, self.epoch)?;
        if unheard {
            self.world.count(|counts| counts.unheard += 1);
            return Err(Failure::Unknown("no answer".to_owned()));
        }
        // A kill between the commit and its answer.
        self.elapse()
    }

    fn renew(&mut self) -> Result<(), SinkError> {
        loop {
            if self.elapse().is_err() {
                return Err(SinkError::Temporary(KILLED.to_owned()));
            }
            if !self.world.harmed_one_in(4) {
                self.epoch = self.world.broker().init(&self.id);
                return Ok(());
            }
        }
    }

    fn committed(&mut self, partitions: &[i32]) -> Result<Vec<CommittedAt>, String> {
        if self.world.harmed_one_in(8) {
            return Err("no answer".to_owned());
        }
        let mut broker = self.world.broker();
        let found = partitions.iter().map(|partition| {
            if let Some(open) = broker.is_open(*partition) {
                broker.time_out(open);
            }
            (*partition, broker.committed(*partition))
        });
        Ok(found.collect())
    }

    fn wait(&mut self, _: Duration) {
        self.world.elapse(self.life.serial);
    }
}

pub(super) struct SimJournal(pub(super) Arc<World>);

impl Place for SimJournal {
    fn end(&self, partition: i32) -> Option<i64> {
        (!self.0.harmed_one_in(8)).then(|| self.0.broker().journal_end(partition))
    }

    fn read(&self, partition: i32, from: i64) -> Result<Vec<(i64, Vec<u8>)>, RunError> {
        let mut broker = self.0.broker();
        // What is open is waited for, until the coordinator ends it.
        while let Some(open) = broker.is_open(partition) {
            broker.time_out(open);
        }
        Ok(broker.journal(partition, from))
    }

    fn name(&self, partition: i32, offset: i64) -> String {
        format!("journal {partition}, offset {offset}")
    }
}
