//! Who acts next, and what goes wrong: one thread, one sequence of draws.
//!
//! Wherever an engine waits, for an answer of another thread or for the broker, the others go on: by [`World::elapse`],
//! inside the waiting call. So a commit may last while its process loses its partitions, another takes them over, and
//! the first comes back to a world that has moved on.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use holdfast_store::{Call, Fate, Memory};

use super::broker::Broker;
use super::input::{Draw, Scene};
use super::life::{Counts, Life};
use super::process::Process;
use super::stream::DAY;

/// Calls inside of waiting calls: deeper ones do not wait.
const DEEPEST: usize = 5;
/// Steps of one world; most have less than a tenth of it.
const MOST: u64 = 300_000;
/// Places that a process can have.
const SLOTS: u64 = 3;

pub(super) struct World {
    pub(super) scene: Arc<Scene>,
    draw: Mutex<Draw>,
    now: AtomicI64,
    broker: Mutex<Broker>,
    memory: Memory,
    harm: AtomicBool,
    depth: AtomicUsize,
    steps: AtomicU64,
    serial: AtomicU64,
    processes: Mutex<BTreeMap<u64, Arc<Process>>>,
    /// Commits on their way.
    late: Mutex<Vec<(String, u64)>>,
    counts: Mutex<Counts>,
    /// Which model starting processes have.
    pub(super) model: AtomicUsize,
    story: Mutex<Vec<String>>,
}

pub(super) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    pub(super) fn new(seed: u64) -> Arc<Self> {
        let scene = Arc::new(Scene::new(seed));
        Arc::new(Self {
            broker: Mutex::new(Broker::new(Arc::clone(&scene))),
            draw: Mutex::new(Draw::new(seed ^ 0x5eed)),
            now: AtomicI64::new(super::stream::T0),
            memory: Memory::new(),
            harm: AtomicBool::new(true),
            depth: AtomicUsize::new(0),
            steps: AtomicU64::new(0),
            serial: AtomicU64::new(0),
            processes: Mutex::default(),
            late: Mutex::default(),
            counts: Mutex::default(),
            model: AtomicUsize::new(0),
            story: Mutex::default(),
            scene,
        })
    }

    pub(super) fn broker(&self) -> MutexGuard<'_, Broker> {
        lock(&self.broker)
    }

    pub(super) fn now(&self) -> i64 {
        self.now.load(Ordering::Relaxed)
    }

    pub(super) fn count(&self, count: impl FnOnce(&mut Counts)) {
        count(&mut lock(&self.counts));
    }

    pub(super) fn counts(&self) -> Counts {
        let broker = self.broker();
        Counts {
            commits: broker.ledger.commits,
            ticks: broker.ledger.ticks,
            ..*lock(&self.counts)
        }
    }

    pub(super) fn tell(&self, text: impl FnOnce() -> String) {
        lock(&self.story).push(text());
    }

    pub(super) fn story(&self) -> Vec<String> {
        lock(&self.story).clone()
    }

    // Chance.

    pub(super) fn one_in(&self, n: u64) -> bool {
        lock(&self.draw).one_in(n)
    }

    /// A fault, while there are any.
    pub(super) fn harmed_one_in(&self, n: u64) -> bool {
        self.harm.load(Ordering::Relaxed) && self.one_in(n)
    }

    pub(super) fn size(&self, from: usize, to: usize) -> usize {
        lock(&self.draw).size(from, to)
    }

    pub(super) fn pick<T: Clone>(&self, from: &[T]) -> Option<T> {
        lock(&self.draw).pick(from)
    }

    // Processes.

    pub(super) fn processes(&self) -> Vec<Arc<Process>> {
        lock(&self.processes).values().cloned().collect()
    }

    pub(super) fn process(&self, serial: u64) -> Option<Arc<Process>> {
        lock(&self.processes).get(&serial).cloned()
    }

    pub(super) fn start(self: &Arc<Self>, slot: u32) {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        let life = Arc::new(Life::new(serial, slot));
        self.tell(|| format!("{} starts as {slot}", life.serial));
        let process = Process::start(self, &life);
        lock(&self.processes).insert(life.serial, Arc::new(process));
    }

    /// It is no more, from one instant to the next.
    pub(super) fn bury(&self, process: &Process) {
        process.life.end();
        lock(&self.processes).remove(&process.life.serial);
    }

    /// What becomes of a process's calls of the store. A snapshot must never be ahead of the commit.
    pub(super) fn memory_of(self: &Arc<Self>, life: &Arc<Life>) -> Memory {
        let (world, life) = (Arc::downgrade(self), Arc::clone(life));
        self.memory.with_fates(Arc::new(move |call| {
            let Some(world) = world.upgrade() else {
                return Fate::Refused;
            };
            if life.is_dead() {
                return Fate::Refused;
            }
            let fate = match call {
                Call::Put(name) => {
                    world.check_place(name);
                    match world.harmed_one_in(6).then(|| world.size(0, 2)) {
                        None => Fate::Done,
                        Some(0) => Fate::Refused,
                        Some(1) => Fate::Unheard,
                        Some(_) => Fate::Torn,
                    }
                }
                Call::Get(_) | Call::List | Call::Delete(_) if world.harmed_one_in(80) => {
                    Fate::Refused
                }
                _ => Fate::Done,
            };
            if fate != Fate::Done {
                world.count(|counts| counts.unwritten += 1);
            }
            fate
        }))
    }

    fn check_place(&self, name: &str) {
        if let Ok(name) = name.parse::<holdfast_store::Name>() {
            let committed = self.broker().ledger.next_offset(name.partition);
            assert!(name.offset <= committed, "{name} is ahead of {committed}");
        }
    }

    // Time.

    /// Something else happens, or not, while somebody waits.
    pub(super) fn elapse(self: &Arc<Self>, who: u64) {
        if self.depth.load(Ordering::Relaxed) >= DEEPEST {
            return;
        }
        let long = self.harmed_one_in(15);
        let steps = self.size(0, if long { 120 } else { 3 });
        for _ in 0..steps {
            self.step(Some(who));
        }
    }

    /// One thing happens.
    pub(super) fn step(self: &Arc<Self>, whose: Option<u64>) {
        let steps = self.steps.fetch_add(1, Ordering::Relaxed);
        assert!(steps < MOST, "nothing comes to an end");
        let depth = self.depth.fetch_add(1, Ordering::Relaxed);
        if self.harmed_one_in(self.scene.harm_every) {
            self.harm();
        } else if self.one_in(20) {
            self.advance();
        } else {
            let mut processes = self.processes();
            if let Some(whose) = whose.filter(|_| depth > 0 && self.one_in(2)) {
                processes.retain(|process| process.life.serial == whose);
            }
            match self.pick(&processes) {
                Some(process) => process.step(self),
                None if self.processes().is_empty() => self.populate(),
                None => {}
            }
        }
        self.depth.fetch_sub(1, Ordering::Relaxed);
    }

    /// Goes on with what somebody waits for, and nothing else.
    pub(super) fn is_deepest(&self) -> bool {
        self.depth.load(Ordering::Relaxed) >= DEEPEST
    }

    pub(super) fn advance(&self) {
        let next = self.broker().next_arrival(self.size(0, 12));
        let now = self.now();
        let later = match next {
            Some(arrival) if self.one_in(2) => arrival,
            Some(arrival) => (now + self.below(30 * 60_000)).min(arrival),
            None if now < self.scene.end_of_time => {
                (now + self.below(6 * DAY)).min(self.scene.end_of_time)
            }
            // Ticks come to partitions that have been idle for a while.
            None => now + 31_000,
        };
        self.now.fetch_max(later, Ordering::Relaxed);
        let held = self.harmed_one_in(4);
        self.broker().arrive(self.now(), held);
    }

    fn below(&self, ms: i64) -> i64 {
        let drawn = lock(&self.draw).below(ms.unsigned_abs());
        i64::try_from(drawn).unwrap_or(0)
    }

    pub(super) fn late(&self, id: &str, epoch: u64) {
        lock(&self.late).push((id.to_owned(), epoch));
    }

    // Harm.

    fn harm(self: &Arc<Self>) {
        let processes = self.processes();
        let kind = self.size(0, 11);
        let one = self.pick(&processes);
        match (kind, one) {
            (0 | 1, Some(process)) => {
                self.tell(|| format!("{} is killed", process.life.serial));
                self.count(|counts| counts.killed += 1);
                self.bury(&process);
            }
            (2, Some(process)) => process.stop(self),
            (3, Some(process)) => {
                let was = process.life.frozen.fetch_xor(true, Ordering::Relaxed);
                self.count(|counts| counts.frozen += u64::from(!was));
            }
            (4 | 5, _) => self.evict(),
            (6, _) => {
                let open = self.broker().open();
                if let Some(open) = self.pick(&open) {
                    self.count(|counts| counts.timed_out += 1);
                    self.broker().time_out(open);
                }
            }
            (7, _) => self.damage(),
            (8, _) => {
                let late = std::mem::take(&mut *lock(&self.late));
                for (id, epoch) in late {
                    // Barred, if there is a new producer by now.
                    self.broker().commit(&id, epoch).ok();
                }
            }
            (9, Some(process)) if self.scene.reloads => process.reload(self),
            _ => self.populate(),
        }
    }

    /// Starts a process, now and then one whose place is taken.
    fn populate(self: &Arc<Self>) {
        let slot = u32::try_from(self.size(0, SLOTS as usize - 1)).unwrap();
        let mut processes = self.processes().into_iter();
        let taken = processes.any(|process| process.life.slot == slot);
        if !taken || self.one_in(4) {
            self.count(|counts| counts.doubled += u64::from(taken));
            self.start(slot);
        }
    }

    fn evict(&self) {
        let members = self.broker().members();
        if let Some(member) = self.pick(&members) {
            self.tell(|| format!("{member} is evicted"));
            self.count(|counts| counts.evicted += 1);
            self.broker().leave(member);
        }
    }

    fn damage(&self) {
        if let Some(name) = self.pick(&self.memory.names()) {
            self.count(|counts| counts.damaged += 1);
            if self.one_in(2) {
                self.memory.lose(&name);
            } else {
                self.memory.cut(&name);
            }
        }
    }

    /// From here on nothing goes wrong any more.
    pub(super) fn heal(self: &Arc<Self>) {
        self.harm.store(false, Ordering::Relaxed);
        lock(&self.late).clear();
        let members = self.broker().members();
        for member in members {
            if self.process(member).is_none() {
                self.broker().leave(member);
            }
        }
        for process in self.processes() {
            process.life.frozen.store(false, Ordering::Relaxed);
        }
    }

    /// Lets go of everybody: they hold this world too.
    pub(super) fn end(&self) {
        lock(&self.processes).clear();
    }
}
