//! More than one process in the group.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use holdfast_consumer::{Assigned, KafkaSettings, KafkaSource, Partitions, Refusal, Source, Start};

use crate::shop::{EVENT_CLOCK, Shop, assert_same, generated, plain_model, replayed, wait_for};

fn instance(name: &str) -> String {
    format!("[kafka.properties]\n\"heartbeat.interval.ms\" = 300\n\"client.id\" = \"{name}\"\n")
}

#[test]
fn partitions_that_move_to_another_process_and_back_lose_and_double_nothing() {
    let shop = Shop::new("members", 4, &plain_model(), EVENT_CLOCK);
    let events = generated(shop.dir.path(), 400);
    let lines = std::fs::read_to_string(&events).unwrap().lines().count();
    shop.load_range(&events, 0, lines / 3);
    let mut first = shop.start(&instance("first"), &[]);
    shop.wait_for_alerts(1);
    let second_id = format!("{}-1", shop.id);
    let env = [("HOLDFAST__KAFKA__INSTANCE_ID", second_id.as_str())];
    let mut second = shop.start_with(&instance("second"), &[], &env);
    let live = |log: &str| log.matches("live").count();
    wait_for("two partitions at the second", || {
        (live(&second.log()) >= 2).then_some(())
    });
    shop.load_range(&events, lines / 3, lines * 2 / 3);
    let seen = shop.read(&shop.alerts()).len();
    shop.load_range(&events, lines * 2 / 3, usize::MAX);
    shop.wait_for_alerts(seen + 1);
    // A static member that goes keeps its partitions until its session ends; then the first has them all again.
    second.signal("TERM");
    assert_eq!(second.wait(), Some(0), "{}", second.log());
    wait_for("all partitions at the first", || {
        (live(&first.log()) >= 6).then_some(())
    });
    first.signal("TERM");
    assert_eq!(first.wait(), Some(0), "{}", first.log());
    assert!(first.log().contains("partitions revoked"));
    shop.run_to_end();
    assert_same(&shop.alert_values(), &replayed(&shop, &events));
}

#[test]
fn a_process_whose_place_is_taken_by_another_of_the_same_name_ends_and_says_so() {
    let shop = Shop::new("fenced", 1, &plain_model(), EVENT_CLOCK);
    let mut first = shop.start("", &[]);
    first.wait_for_log("live");
    let mut second = shop.start_with("", &[], &[("HOLDFAST_TEST", "second")]);
    assert_eq!(first.wait(), Some(75), "{}", first.log());
    let log = first.log();
    assert!(log.contains("another process"), "{log}");
    second.signal("TERM");
    assert_eq!(second.wait(), Some(0), "{}", second.log());
}

/// A member that dies when partitions are asked back: it never joins again.
struct Dying {
    began: AtomicBool,
    end: Mutex<Receiver<()>>,
}

impl Partitions for Dying {
    fn assigned(&self, given: &[Assigned]) -> Result<Vec<Start>, Refusal> {
        let start = |a: &Assigned| Start {
            partition: a.partition,
            offset: a.begin,
        };
        self.began.store(true, Ordering::Release);
        Ok(given.iter().map(start).collect())
    }

    fn revoked(&self, _: &[i32], _: bool) {
        self.end.lock().unwrap().recv().ok();
    }
}

#[test]
fn what_a_process_gave_up_that_died_before_it_joined_again_is_taken() {
    let shop = Shop::new("orphans", 4, &plain_model(), EVENT_CLOCK);
    let client = KafkaSettings {
        properties: [("heartbeat.interval.ms".to_owned(), "300".to_owned())].into(),
        ..shop.client()
    };
    let (over, end) = channel();
    let member = Arc::new(Dying {
        began: AtomicBool::new(false),
        end: Mutex::new(end),
    });
    let handler = Arc::clone(&member) as Arc<dyn Partitions>;
    let mut source = KafkaSource::open(client, handler).unwrap();
    let dying = thread::spawn(move || while source.poll(Duration::from_millis(50)).is_ok() {});
    wait_for("all partitions at one", || {
        member.began.load(Ordering::Acquire).then_some(())
    });
    // It gets nothing yet: the other has not given anything up.
    let second_id = format!("{}-1", shop.id);
    let env = [("HOLDFAST__KAFKA__INSTANCE_ID", second_id.as_str())];
    let mut second = shop.start_with(&instance("second"), &[], &env);
    second.wait_for_log("partitions assigned");
    // The other's next life: to the broker it is the same member, which has two partitions.
    let mut first = shop.start(&instance("first"), &[]);
    let live = |log: &str| log.matches("\"live\"").count();
    wait_for("all partitions at work", || {
        (live(&first.log()) + live(&second.log()) >= 4).then_some(())
    });
    for running in [&mut first, &mut second] {
        running.signal("TERM");
        assert_eq!(running.wait(), Some(0), "{}", running.log());
    }
    drop(over);
    dying.join().unwrap();
}
