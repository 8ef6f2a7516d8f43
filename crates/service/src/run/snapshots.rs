//! The thread that makes snapshots of images: packs them, keeps them until their place is committed, then publishes.
//!
//! Nobody waits for it but a partition that goes, and that not for long. A snapshot that cannot be written costs time
//! at the next start, nothing else: it is logged, counted, and the older ones stay.

mod waiting;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use holdfast_features::{LOGIC, Piece};
use holdfast_store::{Manifest, Packed, Packer, Snapshots};
use tracing::{info, warn};

use super::clock::Time;
use super::journal::JournalLog;
use super::message::{Epoch, Work};
use super::recovery::Regime;
use super::{Shared, spawn};
use crate::pipeline::{Image, STATE};
pub(super) use waiting::Place;
use waiting::Waiting;

/// What an image begins with.
pub(super) struct Plate {
    pub(super) partition: i32,
    pub(super) epoch: Epoch,
    pub(super) partitions: u32,
    pub(super) offset: i64,
    /// Entries of the journal before it.
    pub(super) journal: u64,
    /// Journal records below it are older than the image. As known when it begins: asked for later, it could be
    /// behind entries that are not in the image.
    pub(super) journal_offset: i64,
    pub(super) fired: Option<i64>,
    /// Position in a file of the embedded log.
    pub(super) byte: Option<u64>,
    /// Hash of the input so far.
    pub(super) trail: Option<u64>,
    pub(super) customers: usize,
    pub(super) regime: Regime,
    pub(super) model_id: String,
    pub(super) image: Image,
}

/// To the thread.
pub(super) enum Message {
    Begin(Box<Plate>),
    Expose {
        partition: i32,
        epoch: Epoch,
        pieces: Vec<Piece>,
        complete: bool,
    },
    /// These places of partitions are committed.
    Committed(Vec<(i32, Place)>),
    /// These partitions are ours no more, as they were under epochs before this one.
    Forget(Vec<i32>, Epoch),
    /// Answered when everything before it is done.
    Drain(Sender<()>),
    Stop,
}

/// The way to the thread.
#[derive(Clone)]
pub(crate) struct Snapshotting(Sender<Message>);

impl Snapshotting {
    pub(super) fn begin(&self, plate: Plate) {
        self.0.send(Message::Begin(Box::new(plate))).ok();
    }

    pub(super) fn expose(&self, partition: i32, epoch: Epoch, pieces: Vec<Piece>, complete: bool) {
        if complete || !pieces.is_empty() {
            let message = Message::Expose {
                partition,
                epoch,
                pieces,
                complete,
            };
            self.0.send(message).ok();
        }
    }

    pub(super) fn committed(&self, places: Vec<(i32, Place)>) {
        self.0.send(Message::Committed(places)).ok();
    }

    /// These partitions are ours no more: what is not published of them by now never is, nor what a worker still sends.
    pub(super) fn forget(&self, partitions: &[i32], before: Epoch) {
        self.0
            .send(Message::Forget(partitions.to_vec(), before))
            .ok();
    }

    /// Waits until what was handed over so far is published, as far as it is committed.
    pub(super) fn drain(&self, time: &dyn Time, patience: Duration) -> bool {
        let (answer, answered) = bounded(1);
        self.0.send(Message::Drain(answer)).is_ok() && time.answer(&answered, patience).is_ok()
    }

    pub(super) fn stop(&self) {
        self.0.send(Message::Stop).ok();
    }
}

/// The channel before there is a thread at its end.
pub(super) struct Unstarted {
    to: Snapshotting,
    messages: Receiver<Message>,
}

impl Unstarted {
    pub(super) fn new() -> Self {
        let (sender, messages) = unbounded();
        Self {
            to: Snapshotting(sender),
            messages,
        }
    }

    pub(super) fn handle(&self) -> Snapshotting {
        self.to.clone()
    }

    pub(super) fn start(
        self,
        shared: &Arc<Shared>,
        snapshots: Arc<Snapshots>,
        journal: Arc<JournalLog>,
        workers: Vec<Sender<Work>>,
    ) -> std::io::Result<thread::JoinHandle<()>> {
        let (snapshotter, messages) = self.meet(shared, snapshots, journal, workers);
        spawn("snapshots", move || snapshotter.run(&messages))
    }

    /// Both ends of it: who does the work, and where it comes from.
    pub(super) fn meet(
        self,
        shared: &Arc<Shared>,
        snapshots: Arc<Snapshots>,
        journal: Arc<JournalLog>,
        workers: Vec<Sender<Work>>,
    ) -> (Snapshotter, Receiver<Message>) {
        let snapshotter = Snapshotter {
            shared: Arc::clone(shared),
            snapshots,
            journal,
            workers,
            under_way: BTreeMap::new(),
            waiting: Waiting::default(),
            from_epoch: BTreeMap::new(),
        };
        (snapshotter, self.messages)
    }
}

pub(super) struct Snapshotter {
    shared: Arc<Shared>,
    snapshots: Arc<Snapshots>,
    journal: Arc<JournalLog>,
    workers: Vec<Sender<Work>>,
    /// Images whose pieces are still coming.
    under_way: BTreeMap<i32, (Epoch, Place, Packer)>,
    waiting: Waiting<(Epoch, Packed)>,
    /// For each partition that went, the epoch from which on images of it are taken.
    from_epoch: BTreeMap<i32, Epoch>,
}

impl Snapshotter {
    fn run(mut self, messages: &Receiver<Message>) {
        while let Ok(message) = messages.recv() {
            if !self.step(message) {
                return;
            }
        }
    }

    /// Does one thing; false when it was the last.
    pub(super) fn step(&mut self, message: Message) -> bool {
        let shared = Arc::clone(&self.shared);
        let pulse = &shared.status.pulses.snapshots;
        pulse.work();
        let stop = matches!(message, Message::Stop);
        match message {
            Message::Begin(plate) => self.begin(*plate),
            Message::Expose {
                partition,
                epoch,
                pieces,
                complete,
            } => self.expose(partition, epoch, &pieces, complete),
            Message::Committed(places) => {
                for (partition, place) in places {
                    self.waiting.commit(partition, place);
                    self.publish(partition);
                }
            }
            Message::Forget(partitions, before) => {
                for partition in partitions {
                    self.from_epoch.insert(partition, before);
                    self.under_way.remove(&partition);
                    self.waiting.forget(partition);
                }
            }
            Message::Drain(answer) => {
                answer.send(()).ok();
            }
            Message::Stop => {}
        }
        pulse.rest();
        !stop
    }

    fn begin(&mut self, plate: Plate) {
        let (partition, epoch) = (plate.partition, plate.epoch);
        let place = Place {
            offset: plate.offset,
            entries: plate.journal,
        };
        if self.from_epoch.get(&partition) > Some(&epoch) {
            return;
        }
        let mut packer = Packer::new(self.manifest(&plate));
        for (section, bytes) in plate.image.sections() {
            packer.add(section, 0, &bytes);
        }
        self.under_way.insert(partition, (epoch, place, packer));
    }

    fn manifest(&self, plate: &Plate) -> Manifest {
        let settings = &self.shared.settings;
        Manifest {
            format: holdfast_store::FORMAT.to_owned(),
            logic: LOGIC,
            registry: holdfast_features::registry_hash(),
            app: settings.app.id.clone(),
            topic: settings.input_name().to_owned(),
            topic_id: None,
            cluster_id: self.shared.status.cluster.get().cloned(),
            input: plate.trail,
            partition: plate.partition,
            partitions: plate.partitions,
            partitioner: "murmur2".to_owned(),
            offset: plate.offset,
            clock: Some(plate.image.clock).filter(|clock| *clock != i64::MIN),
            input_clock: Some(plate.image.input_clock).filter(|clock| *clock != i64::MIN),
            fired: plate.fired,
            model_sha256: plate.regime.model_sha256.clone(),
            model_id: plate.model_id.clone(),
            config_hash: plate.regime.config_hash.clone(),
            state_hash: self.shared.state_hash().to_owned(),
            journal_offset: plate.journal_offset,
            journal_entries: plate.journal,
            customers: plate.customers as u64,
            created_ms: self.shared.time.now_ms(),
            byte: plate.byte,
            sections: Vec::new(),
        }
    }

    fn expose(&mut self, partition: i32, epoch: Epoch, pieces: &[Piece], complete: bool) {
        let Some((of, _, packer)) = self.under_way.get_mut(&partition) else {
            return;
        };
        if *of != epoch {
            return;
        }
        for piece in pieces {
            packer.add(STATE, piece.number, &piece.bytes);
        }
        if !complete {
            return;
        }
        if let Some((epoch, place, packer)) = self.under_way.remove(&partition) {
            self.waiting.add(partition, place, (epoch, packer.finish()));
            self.publish(partition);
        }
    }

    fn publish(&mut self, partition: i32) {
        let Some((Place { offset, .. }, (epoch, packed))) = self.waiting.next(partition) else {
            return;
        };
        let began = Instant::now();
        let status = &self.shared.status.snapshots;
        match self.snapshots.publish(&packed) {
            Ok(stored) => {
                let seconds = began.elapsed().as_secs_f64();
                info!(partition, offset, bytes = stored.bytes, seconds, name = %stored.name, "snapshot published");
                status.published(partition, offset, stored.bytes);
                self.shared.status.at_snapshot(partition, offset);
                self.prune(partition);
                self.journal.look(partition);
                let worker = super::handover::Handover::worker_of(partition, self.workers.len());
                let told = Work::Published {
                    epoch,
                    partition,
                    name: stored.name.to_string(),
                    offset,
                    sha256: stored.sha256,
                };
                // A run that ends has no workers any more; the store knows its snapshots by itself.
                self.workers[worker].send(told).ok();
            }
            Err(fault) => {
                status.failures.fetch_add(1, Ordering::Relaxed);
                let fault = super::error::chain(&fault);
                warn!(
                    partition,
                    offset, "snapshot not written, the older ones stay: {fault}"
                );
            }
        }
    }

    fn prune(&self, partition: i32) {
        if let Err(fault) = self
            .snapshots
            .prune(partition, self.shared.settings.snapshot.keep)
        {
            warn!(partition, "old snapshots stay: {fault}");
        }
    }
}
