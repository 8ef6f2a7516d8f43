//! Who is stuck, and who is not.

use std::sync::RwLock;

use crossbeam_channel::unbounded;
use holdfast_model::Model;
use holdfast_producer::{Metadata, Outputs, Position, Sink, SinkError};

use super::*;
use crate::config::Settings;
use crate::pipeline;
use crate::run::committer::Committer;
use crate::run::message::{Done, Part as Worked};
use crate::run::{Active, Options, Shared, Stop};

const LIMIT: Duration = Duration::from_secs(5);

fn looks(judge: &mut Judge, pulses: &Pulses, count: u32) -> Vec<Part> {
    (0..count)
        .flat_map(|_| judge.look(&pulses.samples(0)))
        .collect()
}

#[test]
fn a_part_that_works_and_does_not_get_on_is_named_after_the_limit() {
    let (pulses, mut judge) = (Pulses::default(), Judge::new(LIMIT));
    let first = pulses.worker();
    let second = pulses.worker();
    first.work();
    second.at(7);
    second.work();
    let mut look = || {
        first.beat();
        judge.look(&pulses.samples(0))
    };
    for _ in 0..5 {
        assert_eq!(look(), []);
    }
    let named: Vec<String> = look().iter().map(Part::to_string).collect();
    assert_eq!(named, ["worker 1, at partition 7,"]);
}

#[test]
fn a_part_at_rest_is_never_stuck_and_begins_anew_when_it_works() {
    let (pulses, mut judge) = (Pulses::default(), Judge::new(LIMIT));
    assert_eq!(looks(&mut judge, &pulses, 100), []);
    pulses.committer.work();
    assert_eq!(looks(&mut judge, &pulses, 5), []);
    pulses.committer.rest();
    assert_eq!(looks(&mut judge, &pulses, 1), []);
    pulses.committer.work();
    assert_eq!(looks(&mut judge, &pulses, 5), []);
    assert_eq!(looks(&mut judge, &pulses, 1), [Part::Committer]);
}

/// Never comes back from a commit.
struct Hanging(crossbeam_channel::Receiver<()>);

impl Sink for Hanging {
    fn commit(&mut self, _: &Outputs, _: &[Position]) -> Result<(), SinkError> {
        self.0.recv().map_err(|_| SinkError::Cancelled)
    }
}

fn shared() -> Arc<Shared> {
    let mut settings = Settings::defaults();
    settings.silence.enabled = false;
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/plain-model.json"
    );
    let model = Model::from_json(&std::fs::read(path).unwrap()).unwrap();
    let pipeline = pipeline::Settings::new(&settings, &model, false).unwrap();
    Arc::new(Shared {
        state_hash: pipeline.state_hash().to_owned(),
        active: RwLock::new(Arc::new(Active::new(pipeline))),
        settings,
        options: Options::default(),
        status: Status::new(),
        stop: Stop::new(),
        snapshotting: None,
        time: Arc::new(crate::run::clock::WallTime),
    })
}

#[test]
fn a_sink_that_hangs_makes_the_commit_the_part_that_is_stuck() {
    let shared = shared();
    let ((results, taken), (events, _told)) = (unbounded(), unbounded());
    let (let_go, held) = bounded(0);
    let sink = Box::new(Hanging(held));
    let committer = Committer::new(Arc::clone(&shared), sink, taken, events);
    let thread = spawn("committer", move || committer.run()).unwrap();
    let part = Worked {
        epoch: 1,
        outputs: Outputs::default(),
        entries: Vec::new(),
        first: 0,
        position: Position {
            partition: 0,
            next_offset: 1,
            metadata: Metadata::default(),
        },
        newest_ms: None,
        last: true,
    };
    results.send(Done::Part(Box::new(part))).unwrap();
    while shared.status.pulses.samples(0).is_empty() {
        thread::sleep(Duration::from_millis(1));
    }
    // It may still be on its way into the commit at the first looks.
    let mut judge = Judge::new(LIMIT);
    let mut looks = 0;
    let stuck = loop {
        looks += 1;
        let stuck = judge.look(&shared.status.pulses.samples(0));
        if !stuck.is_empty() || looks > 1000 {
            break stuck;
        }
        thread::sleep(Duration::from_millis(10));
    };
    assert_eq!(stuck, [Part::Committer]);
    drop(let_go);
    results.send(Done::Stop).unwrap();
    thread.join().unwrap().ok();
}

#[test]
fn a_sink_that_tries_again_and_again_is_not_stuck() {
    let (pulses, mut judge) = (Pulses::default(), Judge::new(LIMIT));
    pulses.committer.work();
    let stuck: Vec<Part> = (0..100)
        .flat_map(|look| judge.look(&pulses.samples(look / 4)))
        .collect();
    assert_eq!(stuck, []);
}
