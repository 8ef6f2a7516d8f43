//! The second part of the demo: the engine runs, the shop's days pass, alerts come.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use holdfast_model::Model;

use super::alert::Alert;
use super::engine::Engine;
use super::feed::Feed;
use super::learn::MadeUp;
use super::place::Place;
use super::screen::Screen;
use crate::cli;
use crate::generate::Event;
use crate::run::{Stop, Summary};

/// Between two looks at what has come.
const LOOK: Duration = Duration::from_millis(25);

/// What came of the stream.
#[derive(Debug)]
pub(super) struct Streamed {
    pub(super) alerts: Vec<Alert>,
    pub(super) events: u64,
    pub(super) took: Duration,
    pub(super) summary: Summary,
    /// Where subscribers find the alerts, when they went through Kafka.
    pub(super) topic: Option<String>,
    /// Stopped by a signal before its end.
    pub(super) cut_short: bool,
}

/// The days as they pass.
struct Passing<'a> {
    feed: Feed,
    engine: &'a Engine,
    screen: &'a mut Screen,
    stop: &'a Stop,
    alerts: Vec<Alert>,
    /// Types of streamed events by id, to say what raised an alert.
    kinds: BTreeMap<String, &'static str>,
    /// Events appended.
    number: u64,
    history: u64,
    line: Vec<u8>,
}

impl Passing<'_> {
    fn append(&mut self, event: &Event) -> anyhow::Result<()> {
        self.feed.append(event, self.number, &mut self.line)?;
        self.number += 1;
        Ok(())
    }

    /// Whether there is any use in going on.
    fn goes_on(&self) -> bool {
        self.engine.is_alive() && !self.stop.is_requested()
    }

    /// Shows what comes until `due` (ms of the shop's time since the stream's begin) is reached.
    fn wait(&mut self, due: i64, now: impl Fn() -> Option<i64>) -> anyhow::Result<()> {
        while self.goes_on() {
            let Some(now) = now() else { return Ok(()) };
            if now >= due {
                return Ok(());
            }
            self.feed.flush()?;
            self.show();
            self.screen
                .progress(now, self.number - self.history, self.alerts.len());
            thread::sleep(LOOK);
        }
        Ok(())
    }

    fn show(&mut self) {
        while let Ok(value) = self.engine.alerts.try_recv() {
            self.show_one(&value);
        }
    }

    fn show_one(&mut self, value: &[u8]) {
        if let Some(alert) = Alert::parse(value) {
            self.screen.alert(&alert, &self.kinds);
            self.alerts.push(alert);
        }
    }
}

/// Feeds the shop's events and shows what the engine sends, until the last day is over.
pub(super) fn stream(
    args: &cli::Demo,
    shop: &MadeUp,
    place: &Place,
    (model, stop): (&Model, &Stop),
    screen: &mut Screen,
) -> anyhow::Result<Streamed> {
    let settings = place.settings()?;
    let feed = Feed::open(place, &settings)?;
    let engine = Engine::start(&settings, model)?;
    if let Some(server) = &engine.server {
        let addr = server.addr();
        screen.step(
            "serving",
            format_args!("http://{addr}/metrics  /livez  /readyz"),
        );
    }
    if place.kafka.is_some() {
        engine.wait_until_ready(stop)?;
    }
    let mut passing = Passing {
        feed,
        engine: &engine,
        screen,
        stop,
        alerts: Vec::new(),
        kinds: BTreeMap::new(),
        number: 0,
        history: 0,
        line: Vec::new(),
    };
    let mut days = shop.again();
    let took = pass(&mut passing, &mut days, args, shop.stream_from_ms)?;
    let Passing {
        feed,
        alerts,
        kinds,
        number,
        history,
        ..
    } = passing;
    feed.finish()?;
    let (summary, rest) = engine.finish()?;
    let mut alerts = alerts;
    for alert in rest.try_iter().filter_map(|value| Alert::parse(&value)) {
        screen.alert(&alert, &kinds);
        alerts.push(alert);
    }
    screen.end();
    Ok(Streamed {
        alerts,
        events: number - history,
        took,
        summary,
        topic: place.kafka.as_ref().map(|_| settings.topics.alerts.clone()),
        cut_short: stop.is_requested(),
    })
}

/// All days: the history as fast as it goes, the stream at the speed asked for.
fn pass(
    passing: &mut Passing<'_>,
    days: &mut crate::generate::Shop,
    args: &cli::Demo,
    from_ms: i64,
) -> anyhow::Result<Duration> {
    for _ in 0..args.days {
        for event in days.next_day().unwrap_or_default() {
            passing.append(event)?;
        }
    }
    passing.feed.flush()?;
    passing.history = passing.number;
    passing.engine.wait_for(passing.number, passing.stop)?;
    passing
        .screen
        .history(passing.number, passing.engine.status.customers(), args);
    let began = Instant::now();
    passing.screen.begin(args.stream_days);
    for _ in 0..args.stream_days {
        for event in days.next_day().unwrap_or_default() {
            passing.wait(event.arrival() - from_ms, || {
                args.speed.passed_ms(began.elapsed())
            })?;
            if !passing.goes_on() {
                return Ok(began.elapsed());
            }
            passing.kinds.insert(event.id(passing.number), event.kind());
            passing.append(event)?;
        }
    }
    passing.feed.flush()?;
    passing.engine.wait_for(passing.number, passing.stop)?;
    passing.show();
    Ok(began.elapsed())
}
