//! One process of the engine, its threads taken apart: each does one thing when it is its turn.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, RwLock, TryLockError};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, unbounded};
use holdfast_producer::TransactionalSink;
use holdfast_store::Snapshots;

use super::life::Life;
use super::source::{KILLED, SimJournal, SimSource, SimTransactions};
use super::world::World;
use crate::run::clock::Time;
use crate::run::committer::Committer;
use crate::run::handover::Handover;
use crate::run::journal::JournalLog;
use crate::run::message::{Done, Event, Work};
use crate::run::reader::Reader;
use crate::run::recovery::Archive;
use crate::run::reload::take_over;
use crate::run::snapshots::{Message, Snapshotter, Unstarted};
use crate::run::worker::Worker;
use crate::run::{Active, Options, RunError, Shared, Status};

/// How a process may end by itself.
const EXPECTED: [&str; 5] = [
    KILLED,
    "another process",
    "cannot list",
    "cannot read",
    "the committer has ended",
];

pub(super) struct Process {
    pub(super) life: Arc<Life>,
    shared: Arc<Shared>,
    work: Vec<Sender<Work>>,
    reader: Mutex<Reader>,
    workers: Vec<(Mutex<Worker>, Receiver<Work>)>,
    committer: (Mutex<Committer>, Receiver<Done>),
    results: Sender<Done>,
    snapshotter: (Mutex<Snapshotter>, Receiver<Message>),
    /// Kept, or those who tell would find nobody.
    _events: Receiver<Event>,
}

/// Simulated time, as one process sees it.
struct SimTime {
    world: Arc<World>,
    life: Arc<Life>,
}

impl Time for SimTime {
    fn now_ms(&self) -> i64 {
        self.world.now()
    }

    fn pass(&self, _: Duration) {
        self.world.elapse(self.life.serial);
    }

    fn answer(&self, from: &Receiver<()>, _: Duration) -> Result<(), RecvTimeoutError> {
        if self.world.harmed_one_in(60) {
            self.life.impatience.store(100, Ordering::Relaxed);
            self.world
                .tell(|| format!("{} waits in vain", self.life.serial));
        }
        let impatience = self.life.impatience.load(Ordering::Relaxed);
        if impatience > 0 && !self.life.is_dead() {
            self.life
                .impatience
                .store(impatience - 1, Ordering::Relaxed);
            return Err(RecvTimeoutError::Timeout);
        }
        self.life.waiting.fetch_add(1, Ordering::Relaxed);
        let result = self.wait(from);
        self.life.waiting.fetch_sub(1, Ordering::Relaxed);
        result
    }
}

impl SimTime {
    /// Others go on until there is an answer, or not.
    fn wait(&self, from: &Receiver<()>) -> Result<(), RecvTimeoutError> {
        for _ in 0..self.world.size(1, 80) {
            match from.try_recv() {
                Ok(()) => return Ok(()),
                Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
                Err(TryRecvError::Empty) if self.life.is_dead() => {
                    return Err(RecvTimeoutError::Disconnected);
                }
                Err(TryRecvError::Empty) => {}
            }
            if self.world.is_deepest() {
                if let Some(process) = self.world.process(self.life.serial) {
                    // Nobody else could wake it.
                    self.life.frozen.store(false, Ordering::Relaxed);
                    process.step(&self.world);
                }
            } else {
                self.world.step(Some(self.life.serial));
            }
        }
        Err(RecvTimeoutError::Timeout)
    }
}

fn shared(world: &Arc<World>, life: &Arc<Life>, unstarted: &Unstarted) -> Arc<Shared> {
    let settings = &world.scene.settings;
    let model = &world.scene.models[world.model.load(Ordering::Relaxed)];
    let active = Active::new(model.clone());
    Arc::new(Shared {
        state_hash: model.state_hash().to_owned(),
        active: RwLock::new(Arc::new(active)),
        settings: settings.clone(),
        options: Options::default(),
        status: Status::new(),
        stop: life.stop.clone(),
        snapshotting: Some(unstarted.handle()),
        time: Arc::new(SimTime {
            world: Arc::clone(world),
            life: Arc::clone(life),
        }),
    })
}

impl Process {
    pub(super) fn start(world: &Arc<World>, life: &Arc<Life>) -> Self {
        let scene = &world.scene;
        let unstarted = Unstarted::new();
        let shared = shared(world, life, &unstarted);
        let app = &scene.settings.app.id;
        let topic = scene.settings.input_name();
        let memory = world.memory_of(life);
        let snapshots = Arc::new(Snapshots::in_memory(&memory, app, topic).unwrap());
        let journal = Arc::new(JournalLog::new(SimJournal(Arc::clone(world))));
        let (work, taken): (Vec<_>, Vec<_>) = (0..scene.workers).map(|_| unbounded()).unzip();
        let (results, done) = unbounded();
        let (events, told) = unbounded();
        let archive = Archive {
            journal: Arc::clone(&journal),
            snapshots: Some(Arc::clone(&snapshots)),
        };
        let handover = Arc::new(Handover::new(
            Arc::clone(&shared),
            work.clone(),
            results.clone(),
            archive,
            scene.input.len(),
        ));
        let id = format!("{app}.{}", life.slot);
        let health = Arc::clone(&shared.status.sink);
        let epoch = world.broker().init(&id);
        let sink = Box::new(TransactionalSink::new(SimTransactions {
            world: Arc::clone(world),
            life: Arc::clone(life),
            health: Arc::clone(&health),
            id,
            epoch,
        }));
        let source = Box::new(SimSource {
            world: Arc::clone(world),
            life: Arc::clone(life),
            handover: Arc::clone(&handover),
            health,
            held: BTreeMap::new(),
        });
        let worker = |work: Receiver<Work>| {
            let (results, events) = (results.clone(), events.clone());
            let worker = Worker::new(Arc::clone(&shared), work.clone(), results, events);
            (Mutex::new(worker), work)
        };
        let told_of = || events.clone();
        let committer = Committer::new(Arc::clone(&shared), sink, done.clone(), told_of());
        let reader = Reader::new(Arc::clone(&shared), source, handover, told_of());
        let (snapshotter, messages) = unstarted.meet(&shared, snapshots, journal, work.clone());
        Self {
            life: Arc::clone(life),
            workers: taken.into_iter().map(worker).collect(),
            work,
            reader: Mutex::new(reader),
            committer: (Mutex::new(committer), done),
            results,
            snapshotter: (Mutex::new(snapshotter), messages),
            shared,
            _events: told,
        }
    }

    /// One of its threads does one thing; those that wait in the middle of something do not.
    pub(super) fn step(&self, world: &Arc<World>) {
        if self.life.is_dead() || self.life.frozen.load(Ordering::Relaxed) {
            return;
        }
        let busy: Vec<usize> = (0..self.workers.len())
            .filter(|n| !self.workers[*n].1.is_empty())
            .collect();
        // As much as bounded channels let wait.
        let full = self.work.iter().any(|work| work.len() >= 8) || self.results.len() >= 8;
        self.life.full.store(full, Ordering::Relaxed);
        let result = match world.size(0, 5) {
            0 | 1 => self.read(),
            2 => self.commit(false).map(drop),
            3 => {
                self.publish();
                Ok(())
            }
            4 => self.commit(true).map(drop),
            _ => world.pick(&busy).map_or(Ok(()), |n| self.work(n)),
        };
        if let Err(text) = result {
            self.fail(world, &text);
        }
    }

    fn fail(&self, world: &World, text: &str) {
        world.tell(|| format!("{} ends: {text}", self.life.serial));
        assert!(
            self.life.is_dead() || EXPECTED.iter().any(|known| text.contains(known)),
            "a process ends: {text}"
        );
        world.bury(self);
        // What the group hears of a process that ends in order.
        world.broker().leave(self.life.serial);
    }

    fn read(&self) -> Result<(), String> {
        match self.reader.try_lock() {
            Ok(mut reader) => {
                let ended = reader.step(&self.work);
                ended.map(|_| ()).map_err(|error| error.to_string())
            }
            Err(TryLockError::WouldBlock) => Ok(()),
            Err(TryLockError::Poisoned(_)) => Err(KILLED.to_owned()),
        }
    }

    fn work(&self, number: usize) -> Result<(), String> {
        let (worker, work) = &self.workers[number];
        let Ok(mut worker) = worker.try_lock() else {
            return Ok(());
        };
        let Ok(work) = work.try_recv() else {
            return Ok(());
        };
        let done = worker.step(work);
        let divergences = self.shared.status.divergences.load(Ordering::Relaxed);
        assert_eq!(
            divergences, 0,
            "decisions of {} came out otherwise",
            self.life.serial
        );
        done.map(|_| ()).map_err(|error| error.to_string())
    }

    /// Hands the committer what came, or lets it commit.
    fn commit(&self, take: bool) -> Result<bool, String> {
        let Ok(mut committer) = self.committer.0.try_lock() else {
            return Ok(true);
        };
        self.life.committing.store(true, Ordering::Relaxed);
        let result: Result<bool, RunError> = if take {
            let done = self.committer.1.try_recv();
            done.map_or(Ok(true), |done| committer.step(done))
        } else {
            committer.commit().map(|()| true)
        };
        self.life.committing.store(false, Ordering::Relaxed);
        result.map_err(|error| error.to_string())
    }

    fn publish(&self) {
        if let Ok(mut snapshotter) = self.snapshotter.0.try_lock()
            && let Ok(message) = self.snapshotter.1.try_recv()
        {
            snapshotter.step(message);
        }
    }

    /// Ends in order, as at SIGTERM; not in the middle of something.
    pub(super) fn stop(&self, world: &Arc<World>) {
        let Ok(_reader) = self.reader.try_lock() else {
            return;
        };
        if self.committer.0.try_lock().is_err() || self.snapshotter.0.try_lock().is_err() {
            return;
        }
        world.tell(|| format!("{} stops", self.life.serial));
        world.count(|counts| counts.stopped += 1);
        self.shared.stop.request();
        self.shared.status.sink.stop();
        self.life.waiting.fetch_add(1, Ordering::Relaxed);
        if let Err(text) = self.close() {
            return self.fail(world, &text);
        }
        world.bury(self);
        world.broker().leave(self.life.serial);
    }

    /// In the order of a run's end.
    fn close(&self) -> Result<(), String> {
        for work in &self.work {
            work.send(Work::Stop).ok();
        }
        for number in 0..self.workers.len() {
            while !self.workers[number].1.is_empty() {
                self.work(number)?;
            }
        }
        self.results.send(Done::Stop).ok();
        while self.commit(true)? {}
        if let Some(snapshotting) = self.shared.snapshotting() {
            snapshotting.drain(&*self.shared.time, Duration::from_secs(30));
        }
        Ok(())
    }

    /// Another model is taken over.
    pub(super) fn reload(&self, world: &World) {
        let model = world.size(0, 1);
        world.model.store(model, Ordering::Relaxed);
        world.count(|counts| counts.reloaded += 1);
        let scene = &world.scene;
        let active = Active::new(scene.models[model].clone());
        take_over(&self.shared, &self.work, active);
    }

    /// Hashes of the states of its live partitions.
    pub(super) fn digests(&self) -> Vec<(i32, u64)> {
        let workers = self.workers.iter();
        workers
            .flat_map(|(worker, _)| worker.lock().unwrap().digests())
            .collect()
    }
}
