//! The watch as a whole: what it counts is what `score` and a plain look at the raw log give, however the log is cut.

#![allow(clippy::unwrap_used)] // in helpers of tests

#[path = "watched/shop.rs"]
mod shop;

use std::collections::{BTreeMap, BTreeSet};

use holdfast_consumer::murmur2_partition;
use holdfast_events::Record;
use holdfast_features::{LOGIC, registry_hash};
use holdfast_model::watch::{Figures, Pair, Rounded, Tally};
use holdfast_model::{Label, LabelKind, Model, logit};
use holdfast_producer::Outputs;
use holdfast_service::config::Settings as Config;
use holdfast_service::pipeline::{Panel, Partition, STATE, Settings};
use holdfast_service::study::{Source, score, train};
use holdfast_store::{FORMAT, Manifest, PARTITIONER, Packer, Snapshot};
use shop::{DAY, END, HORIZON, HOUR, UNTIL, lesson, shop};

fn settings(challenged: bool) -> Settings {
    let shop = shop();
    let settings = Settings::new(&Config::defaults(), &shop.champion, false).unwrap();
    if challenged {
        settings.challenged_by(&shop.challenger).unwrap()
    } else {
        settings
    }
}

fn work(partition: &mut Partition, offset: i64, (customer, _, line): &(String, i64, String)) {
    let record = Record {
        offset,
        key: Some(customer.as_bytes()),
        value: Some(line.as_bytes()),
        ..Record::default()
    };
    partition.record(&record, &mut Outputs::default());
}

fn panel(partitions: &mut [Partition]) -> Panel {
    for partition in partitions.iter_mut() {
        partition.end_of_input(END, &mut Outputs::default());
    }
    let views: Vec<_> = partitions.iter().filter_map(Partition::view).collect();
    Panel::of(&views)
}

/// The log over so many partitions.
fn watched(settings: &Settings, partitions: u32) -> Panel {
    let mut all: Vec<Partition> = (0..partitions)
        .map(|_| Partition::new(settings).unwrap())
        .collect();
    for (offset, line) in (0..).zip(&shop().lines) {
        let place = murmur2_partition(line.0.as_bytes(), partitions) as usize;
        work(&mut all[place], offset, line);
    }
    panel(&mut all)
}

/// Ends of every seventh day since 1970 whose horizons lie between training and the log's end.
fn cutoffs() -> Vec<i64> {
    let all = (0..).map(|n| 7 * n * DAY - 1);
    let after = all.skip_while(|at| *at < UNTIL);
    after.take_while(|at| at + HORIZON * DAY <= END).collect()
}

/// Who bought when, from the raw log.
fn purchases() -> BTreeMap<&'static str, BTreeSet<i64>> {
    let mut found: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
    for (customer, ts, line) in &shop().lines {
        if line.contains(r#""type":"purchase""#) {
            found.entry(customer).or_default().insert(*ts);
        }
    }
    found
}

/// What `score` says of the raw log, by customer.
fn scores(model: &Model, cutoff: i64) -> BTreeMap<String, f64> {
    let source = Source::new(shop().path.clone(), &Config::defaults(), None).unwrap();
    let rows = score(&source, model, &[cutoff], None).unwrap().rows;
    rows.into_iter()
        .map(|row| (row.customer_id, row.probability))
        .collect()
}

fn has_left(bought: &BTreeMap<&str, BTreeSet<i64>>, customer: &str, cutoff: i64) -> bool {
    let within = cutoff + 1..=cutoff + HORIZON * DAY;
    bought
        .get(customer)
        .is_none_or(|all| all.range(within).next().is_none())
}

fn plain(model: &Model, cutoff: i64) -> Figures {
    let bought = purchases();
    let mut tally = Tally::default();
    for (customer, p) in scores(model, cutoff) {
        tally.add(Rounded::of(logit(p)), has_left(&bought, &customer, cutoff));
    }
    tally.figures().unwrap()
}

#[test]
fn figures_of_the_watch_are_those_of_score_and_of_the_raw_log() {
    let shop = shop();
    let panel = watched(&settings(true), 1);
    let known: Vec<i64> = panel.known.iter().map(|known| known.at).collect();
    let expected = cutoffs();
    assert!(expected.len() >= 5, "{expected:?}");
    assert_eq!(known, expected[expected.len().saturating_sub(6)..]);
    for known in &panel.known {
        let [champion, challenger] = &known.lines[..] else {
            panic!("two models, {:?}", known.lines);
        };
        assert!(champion.is_champion && !challenger.is_champion);
        assert_eq!(champion.figures, plain(&shop.champion, known.at));
        assert_eq!(challenger.figures, plain(&shop.challenger, known.at));
        let rows = champion.figures.rows;
        assert!(
            rows > 100 && champion.figures.auc > 0.6,
            "{:?}",
            champion.figures
        );
    }
    let last = panel.known.last().unwrap();
    let bought = purchases();
    let mut pair = Pair::default();
    let challenger = scores(&shop.challenger, last.at);
    for (customer, p) in scores(&shop.champion, last.at) {
        let left = has_left(&bought, &customer, last.at);
        let other = Rounded::of(logit(challenger[&customer]));
        pair.add(Rounded::of(logit(p)), other, left);
    }
    assert_eq!(last.difference, pair.difference());
    assert!(panel.difference.is_some());
    let scored = panel.scored.unwrap();
    assert_eq!(scored.1, scores(&shop.champion, scored.0).len() as u64);
    assert!(
        panel.drift.len() > 5 && panel.drift[0].psi > 0.0,
        "{:?}",
        panel.drift
    );
    assert_eq!(panel.awaited.last(), Some(&scored.0));
}

#[test]
fn figures_are_the_same_for_every_partition_count() {
    let settings = settings(true);
    let alone = watched(&settings, 1);
    for partitions in [2, 4] {
        assert_eq!(
            watched(&settings, partitions),
            alone,
            "{partitions} partitions"
        );
    }
}

/// The partition after it was kept as a file and read again.
fn through_a_snapshot(mut partition: Partition, settings: &Settings, offset: i64) -> Partition {
    let mut pieces = Vec::new();
    let image = partition.begin_image();
    while !partition.continue_image(64, &mut pieces) {}
    let mut packer = Packer::new(Manifest {
        format: FORMAT.to_owned(),
        logic: LOGIC,
        registry: registry_hash(),
        state_hash: settings.state_hash().to_owned(),
        app: "watch".to_owned(),
        topic: "events".to_owned(),
        topic_id: None,
        cluster_id: None,
        partition: 0,
        partitions: 1,
        partitioner: PARTITIONER.to_owned(),
        offset,
        byte: None,
        input: None,
        clock: Some(image.clock).filter(|clock| *clock > i64::MIN),
        input_clock: None,
        fired: None,
        model_sha256: settings.model().sha256().to_owned(),
        model_id: settings.model().id().to_owned(),
        config_hash: String::new(),
        journal_offset: 0,
        journal_entries: 0,
        customers: 0,
        created_ms: 0,
        sections: Vec::new(),
    });
    for (section, bytes) in image.sections() {
        packer.add(section, 0, &bytes);
    }
    for piece in pieces {
        packer.add(STATE, piece.number, &piece.bytes);
    }
    let snapshot = Snapshot::read(packer.finish().to_vec(), None).unwrap();
    let restored = Partition::restore(settings, &snapshot).unwrap();
    assert_eq!(restored.digest(), partition.digest(), "at {offset}");
    restored
}

#[test]
fn a_watch_that_was_kept_at_any_place_goes_on_as_if_nothing_had_been() {
    let settings = settings(true);
    let alone = watched(&settings, 1);
    let cutoff = cutoffs()[2];
    let first = |at: i64| shop().lines.iter().position(|(_, ts, _)| *ts > at).unwrap();
    // While late events are awaited, while everybody is scored, at the end of a horizon, and anywhere.
    let open = first(cutoff);
    let closed = first(cutoff + HOUR);
    assert!(closed > open + 3, "{open} {closed}");
    let ahead: BTreeSet<&str> = shop().lines[open..closed]
        .iter()
        .map(|line| &*line.0)
        .collect();
    let late = |line: &&(String, i64, String)| line.1 <= cutoff && ahead.contains(&*line.0);
    let late = shop().lines[open..].iter().filter(late).count();
    assert!(late > 0, "nobody's event comes late at the cutoff");
    let mut cuts = BTreeSet::from([
        open + 1,
        open + 2,
        closed,
        closed + 1,
        closed + 5,
        closed + 20,
    ]);
    cuts.extend([
        first(cutoff + HORIZON * DAY + HOUR) + 3,
        100,
        shop().lines.len() / 2,
    ]);
    let mut straight = Partition::new(&settings).unwrap();
    let mut cut = Partition::new(&settings).unwrap();
    for (offset, line) in (0..).zip(&shop().lines) {
        if cuts.contains(&(offset as usize)) {
            cut = through_a_snapshot(cut, &settings, offset);
            // However far it has come with its sweeps, it is the same state.
            straight.watch_on(u32::MAX);
            assert_eq!(cut.digest(), straight.digest(), "at {offset}");
        }
        work(&mut straight, offset, line);
        work(&mut cut, offset, line);
    }
    assert_eq!(cut.digest(), straight.digest());
    assert_eq!(panel(&mut [cut]), alone);
}

#[test]
fn an_erased_customer_leaves_what_is_awaited() {
    let settings = settings(false);
    let cutoff = cutoffs()[1];
    let someone = scores(&shop().champion, cutoff).into_keys().next().unwrap();
    let mut partition = Partition::new(&settings).unwrap();
    let mut erased = false;
    for (offset, line) in (0..).zip(&shop().lines) {
        if !erased && line.1 > cutoff + 2 * DAY {
            let record = Record {
                offset,
                key: Some(someone.as_bytes()),
                timestamp: Some(line.1),
                ..Record::default()
            };
            partition.record(&record, &mut Outputs::default());
            erased = true;
        }
        work(&mut partition, offset, line);
    }
    let rows = |panel: &Panel| {
        let known = panel.known.iter().find(|known| known.at == cutoff).unwrap();
        known.lines[0].figures.rows
    };
    assert_eq!(
        rows(&panel(&mut [partition])) + 1,
        rows(&watched(&settings, 1))
    );
}

#[test]
fn a_challenger_that_answers_another_question_is_refused_in_words() {
    let shop = shop();
    let settings = || Settings::new(&Config::defaults(), &shop.champion, false).unwrap();
    let source = Source::new(shop.path.clone(), &Config::defaults(), None).unwrap();
    let any = train(&source, &lesson(UNTIL, LabelKind::Any))
        .unwrap()
        .model;
    let error = settings().challenged_by(&any).unwrap_err().to_string();
    assert!(error.contains("another question"), "{error}");
    let Label { horizon_days, .. } = shop.champion.label();
    let by_hand = format!(
        r#"{{"format": "holdfast-model/1", "id": "by-hand", "cart_abandon": {{"source": "given"}},
            "label": {{"kind": "purchase", "horizon_days": {horizon_days}, "active_days": 28}},
            "intercept": -1.5, "columns": [{{"feature": "days_since_last_purchase", "coefficient": 0.05}}]}}"#
    );
    let by_hand = Model::from_json(by_hand.as_bytes()).unwrap();
    let error = settings().challenged_by(&by_hand).unwrap_err().to_string();
    assert!(
        error.contains("by hand") && error.contains("abandoned carts"),
        "{error}"
    );
    let plain = Settings::new(&Config::defaults(), &by_hand, false).unwrap();
    let partition = Partition::new(&plain).unwrap();
    assert!(
        partition.view().is_none(),
        "thresholds by hand are no predictions"
    );
}
