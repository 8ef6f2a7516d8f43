//! A broker as the engine sees one: input, journal, transactions, group, and nothing that the engine does not rely on.
//!
//! | kept from Kafka | how |
//! | --- | --- |
//! | a producer with an older epoch is refused | [`Fenced`](Refused::Fenced) |
//! | a new producer of an id ends what its forerunner left open | [`Broker::init`] |
//! | offsets are taken from members only | [`Stranger`](Refused::Stranger) |
//! | offsets and journal records of an open transaction hide what is behind them | [`Broker::is_open`] |
//! | control records take offsets | gaps in the input, markers in the journal |

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use holdfast_consumer::{Assigned, OwnedRecord};
use holdfast_producer::{Outputs, Position};

use super::input::Scene;
use super::ledger::Ledger;

/// A process as the group and the transaction coordinator know it.
pub(super) type Member = u64;

/// Why a producer's request is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// There is a newer producer of its id.
    Fenced,
    /// The group does not know who asks.
    Stranger,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Committed,
    Aborted,
}

struct Transaction {
    state: State,
    outputs: Outputs,
    positions: Vec<Position>,
}

#[derive(Default)]
struct Producer {
    epoch: u64,
    open: Option<usize>,
}

#[derive(Default)]
struct Journal {
    /// Offset, transaction, value.
    records: Vec<(i64, usize, Vec<u8>)>,
    end: i64,
}

/// What a member has to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Nothing,
    Join,
    /// Its place was given to another of the same name.
    Replaced,
    /// The group went on without it.
    Lost,
    Revoke(Vec<i32>),
    Take(i32),
}

pub(super) struct Broker {
    pub(super) scene: Arc<Scene>,
    pub(super) ledger: Ledger,
    /// For each partition, how many records have arrived, and how many of them can be read.
    arrived: Vec<(usize, usize)>,
    transactions: Vec<Transaction>,
    producers: BTreeMap<String, Producer>,
    journals: Vec<Journal>,
    committed: BTreeMap<i32, (i64, String)>,
    members: BTreeMap<Member, u32>,
    replaced: BTreeSet<Member>,
    owners: BTreeMap<i32, Member>,
    targets: BTreeMap<i32, Member>,
    generation: usize,
}

impl Broker {
    pub(super) fn new(scene: Arc<Scene>) -> Self {
        let partitions = scene.input.len();
        Self {
            ledger: Ledger::new(&scene),
            arrived: vec![(0, 0); partitions],
            transactions: Vec::new(),
            producers: BTreeMap::new(),
            journals: (0..partitions).map(|_| Journal::default()).collect(),
            committed: BTreeMap::new(),
            members: BTreeMap::new(),
            replaced: BTreeSet::new(),
            owners: BTreeMap::new(),
            targets: BTreeMap::new(),
            generation: 0,
            scene,
        }
    }

    // Input.

    /// Everything up to an instant arrives; with `held`, what arrives now cannot be read before the next call.
    pub(super) fn arrive(&mut self, now: i64, held: bool) {
        for (records, (arrived, readable)) in self.scene.input.iter().zip(&mut self.arrived) {
            let before = *arrived;
            *arrived = records.partition_point(|record| record.timestamp <= Some(now));
            *readable = if held { before } else { *arrived };
        }
    }

    /// When the `n`th record from now on arrives, of all partitions together.
    pub(super) fn next_arrival(&self, n: usize) -> Option<i64> {
        let rest = self.scene.input.iter().zip(&self.arrived);
        let mut times: Vec<i64> = rest
            .flat_map(|(records, (arrived, _))| &records[*arrived..])
            .filter_map(|record| record.timestamp)
            .collect();
        times.sort_unstable();
        times.get(n.min(times.len().saturating_sub(1))).copied()
    }

    fn offset_after(&self, partition: usize, records: usize) -> i64 {
        let all = &self.scene.input[partition];
        if records == all.len() {
            return self.scene.ends[partition];
        }
        records
            .checked_sub(1)
            .map_or(0, |last| all[last].offset + 1)
    }

    /// Readable records from an offset on; the offset behind all of these, and the log's end.
    pub(super) fn read(
        &self,
        partition: i32,
        from: i64,
        most: usize,
    ) -> (Vec<OwnedRecord>, i64, i64) {
        let ix = usize::try_from(partition).unwrap();
        let (arrived, readable) = self.arrived[ix];
        let readable_records = &self.scene.input[ix][..readable];
        let start = readable_records.partition_point(|record| record.offset < from);
        let records = readable_records[start..].iter().take(most).cloned();
        let end = self.offset_after(ix, arrived);
        (records.collect(), self.offset_after(ix, readable), end)
    }

    // Transactions.

    /// A new producer: the epoch by which it is known.
    pub(super) fn init(&mut self, id: &str) -> u64 {
        let producer = self.producers.entry(id.to_owned()).or_default();
        producer.epoch += 1;
        let epoch = producer.epoch;
        if let Some(open) = producer.open.take() {
            self.end(open, State::Aborted);
        }
        epoch
    }

    /// The coordinator gives up on what is open of one producer, which is fenced by that.
    pub(super) fn time_out(&mut self, transaction: usize) {
        let mut producers = self.producers.values_mut();
        if let Some(producer) = producers.find(|p| p.open == Some(transaction)) {
            producer.open = None;
            producer.epoch += 1;
            self.end(transaction, State::Aborted);
        }
    }

    pub(super) fn open(&self) -> Vec<usize> {
        self.producers.values().filter_map(|p| p.open).collect()
    }

    fn producer(&mut self, id: &str, epoch: u64) -> Result<&mut Producer, Refused> {
        let producer = self.producers.entry(id.to_owned()).or_default();
        if producer.epoch == epoch {
            Ok(producer)
        } else {
            Err(Refused::Fenced)
        }
    }

    /// Records of a transaction come in; the first of them open it.
    pub(super) fn send(&mut self, id: &str, epoch: u64, outputs: &Outputs) -> Result<(), Refused> {
        let number = self.transactions.len();
        let producer = self.producer(id, epoch)?;
        assert_eq!(producer.open, None, "{id} begins twice");
        producer.open = Some(number);
        for record in &outputs.journal {
            let journal = &mut self.journals[usize::try_from(record.partition).unwrap()];
            let offset = journal.end;
            journal.records.push((offset, number, record.value.clone()));
            journal.end += 1;
        }
        self.transactions.push(Transaction {
            state: State::Open,
            outputs: outputs.clone(),
            positions: Vec::new(),
        });
        Ok(())
    }

    pub(super) fn stage(
        &mut self,
        (id, epoch): (&str, u64),
        member: Member,
        positions: &[Position],
    ) -> Result<(), Refused> {
        if !self.members.contains_key(&member) {
            return Err(Refused::Stranger);
        }
        let open = self.producer(id, epoch)?.open.ok_or(Refused::Fenced)?;
        self.transactions[open].positions = positions.to_vec();
        Ok(())
    }

    pub(super) fn commit(&mut self, id: &str, epoch: u64) -> Result<(), Refused> {
        let producer = self.producer(id, epoch)?;
        let open = producer.open.take().ok_or(Refused::Fenced)?;
        self.end(open, State::Committed);
        Ok(())
    }

    fn end(&mut self, number: usize, state: State) {
        let scene = Arc::clone(&self.scene);
        let transaction = &mut self.transactions[number];
        transaction.state = state;
        for journal in &mut self.journals {
            // The marker.
            journal.end += i64::from(journal.records.iter().any(|(_, of, _)| *of == number));
        }
        if state == State::Committed {
            for position in &transaction.positions {
                let place = (position.next_offset, position.metadata.to_json());
                self.committed.insert(position.partition, place);
            }
            self.ledger
                .commit(&scene, &transaction.outputs, &transaction.positions);
        }
    }

    /// The open transaction that hides a partition's committed offset or the end of its journal.
    pub(super) fn is_open(&self, partition: i32) -> Option<usize> {
        self.open().into_iter().find(|number| {
            let transaction = &self.transactions[*number];
            let staged = transaction.positions.iter();
            let journal = transaction.outputs.journal.iter();
            staged.map(|p| p.partition).any(|p| p == partition)
                || journal.map(|r| r.partition).any(|p| p == partition)
        })
    }

    pub(super) fn committed(&self, partition: i32) -> Option<(i64, String)> {
        self.committed.get(&partition).cloned()
    }

    /// The end of what is decided in a partition's journal.
    pub(super) fn journal_end(&self, partition: i32) -> i64 {
        let journal = &self.journals[usize::try_from(partition).unwrap()];
        let open = |number: usize| self.transactions[number].state == State::Open;
        let first = journal.records.iter().find(|(_, number, _)| open(*number));
        first.map_or(journal.end, |(offset, _, _)| *offset)
    }

    pub(super) fn journal(&self, partition: i32, from: i64) -> Vec<(i64, Vec<u8>)> {
        let journal = &self.journals[usize::try_from(partition).unwrap()];
        let committed = journal.records.iter().filter(|(offset, number, _)| {
            *offset >= from && self.transactions[*number].state == State::Committed
        });
        committed
            .map(|(offset, _, value)| (*offset, value.clone()))
            .collect()
    }

    // Group.

    fn rebalance(&mut self) {
        self.generation += 1;
        let members: Vec<Member> = self.members.keys().copied().collect();
        self.targets.clear();
        if members.is_empty() {
            return;
        }
        for partition in 0..self.scene.input.len() {
            let member = members[(partition + self.generation) % members.len()];
            self.targets
                .insert(i32::try_from(partition).unwrap(), member);
        }
    }

    pub(super) fn join(&mut self, member: Member, slot: u32) {
        let same = |(other, of): (&Member, &u32)| (*of == slot).then_some(*other);
        if let Some(other) = self.members.iter().find_map(same) {
            self.replaced.insert(other);
            self.leave(other);
        }
        self.members.insert(member, slot);
        self.rebalance();
    }

    /// A member leaves, or the group gives up on it.
    pub(super) fn leave(&mut self, member: Member) {
        if self.members.remove(&member).is_some() {
            self.owners.retain(|_, owner| *owner != member);
            self.rebalance();
        }
    }

    pub(super) fn members(&self) -> Vec<Member> {
        self.members.keys().copied().collect()
    }

    pub(super) fn turn(&self, member: Member, held: &BTreeSet<i32>) -> Turn {
        if self.replaced.contains(&member) {
            return Turn::Replaced;
        }
        if !self.members.contains_key(&member) {
            return if held.is_empty() {
                Turn::Join
            } else {
                Turn::Lost
            };
        }
        // Left and come back meanwhile, so what it holds is no more its own.
        let is_mine = |partition: &i32| self.owners.get(partition) == Some(&member);
        if !held.iter().all(is_mine) {
            return Turn::Lost;
        }
        let to_go = |partition: &i32| self.targets.get(partition) != Some(&member);
        let going: Vec<i32> = held.iter().copied().filter(to_go).collect();
        if !going.is_empty() {
            return Turn::Revoke(going);
        }
        let free = self
            .targets
            .iter()
            .find(|(partition, target)| **target == member && !self.owners.contains_key(partition));
        free.map_or(Turn::Nothing, |(partition, _)| Turn::Take(*partition))
    }

    pub(super) fn own(&mut self, member: Member, partition: i32) -> Assigned {
        self.owners.insert(partition, member);
        let ix = usize::try_from(partition).unwrap();
        Assigned {
            partition,
            begin: 0,
            end: Some(self.offset_after(ix, self.arrived[ix].0)),
            committed: self.committed(partition),
        }
    }

    pub(super) fn release(&mut self, member: Member, partitions: &[i32]) {
        self.owners
            .retain(|partition, owner| *owner != member || !partitions.contains(partition));
    }
}
