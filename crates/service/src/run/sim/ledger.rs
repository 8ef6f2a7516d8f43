//! What subscribers see, held against a plain partition that reads the same records along the same journal.

use std::collections::BTreeMap;

use holdfast_consumer::{Batch, OwnedRecord};
use holdfast_policy::journal::{Entry, Pack, What};
use holdfast_producer::{Outputs, Position};

use super::input::Scene;
use crate::pipeline::Partition;

/// Works records one batch at a time.
pub(super) fn work(partition: &mut Partition, records: &[OwnedRecord], out: &mut Outputs) {
    let number = records.first().map_or(0, |record| record.partition);
    let batch = Batch::of_records(number, records.to_vec(), None);
    batch.for_each_chunk(|records| partition.batch(records, out));
}

/// One partition as it is committed.
struct Account {
    plain: Partition,
    /// Records worked so far.
    worked: usize,
    next_offset: i64,
    entries: u64,
    alerts: Vec<(Vec<u8>, Vec<u8>)>,
}

/// All of them; says what is wrong by a panic, as nothing must ever be.
pub(super) struct Ledger {
    accounts: Vec<Account>,
    /// Alerts by id, and when they were seen.
    seen: BTreeMap<String, u64>,
    pub(super) commits: u64,
    pub(super) ticks: u64,
}

impl Ledger {
    pub(super) fn new(scene: &Scene) -> Self {
        let account = |_| {
            let mut plain = Partition::new(&scene.models[0]).unwrap();
            plain.set_gathering(true);
            Account {
                plain,
                worked: 0,
                next_offset: 0,
                entries: 0,
                alerts: Vec::new(),
            }
        };
        Self {
            accounts: scene.input.iter().map(account).collect(),
            seen: BTreeMap::new(),
            commits: 0,
            ticks: 0,
        }
    }

    /// A transaction has become visible.
    pub(super) fn commit(&mut self, scene: &Scene, outputs: &Outputs, positions: &[Position]) {
        self.commits += 1;
        for alert in &outputs.alerts {
            let before = self.seen.insert(alert.alert_id.clone(), self.commits);
            assert_eq!(before, None, "alert {} is seen twice", alert.alert_id);
        }
        let mut made = Outputs::default();
        for position in positions {
            let packs = outputs
                .journal
                .iter()
                .filter(|record| record.partition == position.partition)
                .map(|record| Pack::from_bytes(&record.value).unwrap());
            let ix = usize::try_from(position.partition).unwrap();
            let packs: Vec<Pack> = packs.collect();
            let entries = packs.iter().flat_map(|pack| &pack.entries);
            let is_tick = |entry: &&Entry| matches!(entry.what, What::Tick { .. });
            self.ticks += entries.filter(is_tick).count() as u64;
            self.accounts[ix].advance(scene, position, &packs, &mut made);
        }
        compare(outputs, &made);
    }

    pub(super) fn next_offset(&self, partition: i32) -> i64 {
        self.account(partition).next_offset
    }

    pub(super) fn digest(&self, partition: i32) -> u64 {
        self.account(partition).plain.digest()
    }

    pub(super) fn alerts(&self, partition: usize) -> &[(Vec<u8>, Vec<u8>)] {
        &self.accounts[partition].alerts
    }

    fn account(&self, partition: i32) -> &Account {
        &self.accounts[usize::try_from(partition).unwrap()]
    }
}

/// Outputs of several partitions, in any order of these, but in order for each customer and each partition.
fn compare(seen: &Outputs, made: &Outputs) {
    let alerts = |outputs: &Outputs| {
        let mut alerts: Vec<(Vec<u8>, Vec<u8>, String)> = outputs
            .alerts
            .iter()
            .map(|a| (a.key.clone(), a.value.clone(), a.alert_id.clone()))
            .collect();
        alerts.sort_by(|a, b| a.0.cmp(&b.0));
        alerts
    };
    assert_eq!(alerts(seen), alerts(made), "alerts");
    let letters = |outputs: &Outputs| {
        let mut letters = outputs.dead_letters.clone();
        letters.sort_by_key(|letter| letter.partition);
        letters
    };
    assert_eq!(letters(seen), letters(made), "dead letters");
}

impl Account {
    fn advance(&mut self, scene: &Scene, position: &Position, packs: &[Pack], made: &mut Outputs) {
        let partition = position.partition;
        assert!(
            position.next_offset >= self.next_offset,
            "partition {partition} goes back from {} to {}",
            self.next_offset,
            position.next_offset
        );
        let before = made.alerts.len();
        let mut entries: Vec<Entry> = Vec::new();
        for pack in packs {
            assert_eq!(pack.first, self.entries, "entries of partition {partition}");
            self.entries += pack.entries.len() as u64;
            entries.extend(pack.entries.iter().cloned());
        }
        assert_eq!(position.metadata.journal, self.entries);
        for entry in &entries {
            if !matches!(entry.what, What::Decision(_)) {
                self.read(scene, partition, entry.at, made);
            }
            match &entry.what {
                What::Tick { to } => {
                    self.plain.tick(*to, made);
                }
                What::EndOfInput { until } => {
                    self.plain.end_of_input(*until, made);
                }
                What::Activated { model_sha256, .. } => {
                    let mut models = scene.models.iter();
                    let settings = models.find(|s| s.model().sha256() == model_sha256);
                    self.plain.activate(settings.unwrap()).unwrap();
                    self.plain.note(entry.what.clone());
                    self.plain.rearm();
                }
                What::Snapshot { .. } => self.plain.note(entry.what.clone()),
                What::Decision(_) => {}
            }
        }
        self.read(scene, partition, position.next_offset, made);
        self.next_offset = position.next_offset;
        let alerts = made.alerts[before..].iter();
        self.alerts
            .extend(alerts.map(|a| (a.key.clone(), a.value.clone())));
        let records = &scene.input[usize::try_from(partition).unwrap()];
        let placed = |entries: Vec<Entry>| {
            // Behind how many records: offsets between two of them are all the same place.
            let behind = |at| records.partition_point(|record| record.offset < at);
            let placed = entries
                .into_iter()
                .map(|entry| (behind(entry.at), entry.what));
            placed.collect::<Vec<_>>()
        };
        let made = placed(self.plain.take_journal());
        assert_eq!(placed(entries), made, "journal of {partition}");
    }

    /// Works the records below an offset.
    fn read(&mut self, scene: &Scene, partition: i32, below: i64, made: &mut Outputs) {
        let records = &scene.input[usize::try_from(partition).unwrap()][self.worked..];
        let until = records.partition_point(|record| record.offset < below);
        if until > 0 {
            work(&mut self.plain, &records[..until], made);
            self.worked += until;
        }
    }
}
