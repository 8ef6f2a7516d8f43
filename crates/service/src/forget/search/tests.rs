use holdfast_events::EventType;
use holdfast_features::{CartAbandon, Input, LOGIC, Settings};
use holdfast_store::{FORMAT, Location, Name, PARTITIONER, Packer};

use super::*;

const T0: i64 = 1_767_225_600_000;
const PARTITIONS: u32 = 3;

fn place(dir: &std::path::Path) -> Snapshots {
    let location = Location::Directory(dir.to_owned());
    Snapshots::create(&location, "shop", "events").unwrap()
}

/// A snapshot of these customers' partition, after these erasures.
fn publish(
    snapshots: &Snapshots,
    offset: i64,
    partition: u32,
    ids: &[&str],
    gone: &[&str],
) -> Name {
    let mut store = Store::new(Settings {
        dedupe: true,
        cart_abandon: CartAbandon::Derived { after_ms: 7 },
        minor_exponent: 2,
        stats: None,
    });
    for id in ids {
        let ix = store.intern(id);
        store.apply(
            ix,
            &Input {
                kind: EventType::PageView,
                ts: T0,
                minor: None,
                id_hash: 0,
                particulars: Default::default(),
            },
        );
    }
    let mut erased = Erased::new(9);
    for id in gone {
        erased.block(id, T0);
    }
    let mut packer = Packer::new(Manifest {
        format: FORMAT.to_owned(),
        logic: LOGIC,
        registry: String::new(),
        state_hash: String::new(),
        app: "shop".to_owned(),
        topic: "events".to_owned(),
        topic_id: None,
        cluster_id: None,
        input: None,
        partition: i32::try_from(partition).unwrap(),
        partitions: PARTITIONS,
        partitioner: PARTITIONER.to_owned(),
        offset,
        byte: None,
        clock: Some(T0),
        input_clock: None,
        fired: None,
        model_sha256: String::new(),
        model_id: String::new(),
        config_hash: String::new(),
        journal_offset: 0,
        journal_entries: 0,
        customers: ids.len() as u64,
        created_ms: T0 + offset,
        sections: Vec::new(),
    });
    let mut pieces = Vec::new();
    store.begin_image();
    while !store.continue_image(1, &mut pieces) {}
    for piece in pieces {
        packer.add(STATE, piece.number, &piece.bytes);
    }
    packer.add(ERASED, 0, &erased.encode());
    snapshots.publish(&packer.finish()).unwrap().name
}

#[test]
fn a_customer_is_held_until_the_last_generation_from_before_the_erasure_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let snapshots = place(dir.path());
    let ids = ["c1".to_owned(), "c2".to_owned()];
    let at = |id: &str| murmur2_partition(id.as_bytes(), PARTITIONS);
    let (own, other) = (at("c1"), (at("c1") + 1) % PARTITIONS);
    let before = publish(&snapshots, 10, own, &["c1", "c10"], &[]);
    publish(&snapshots, 20, own, &["c10"], &["c1"]);
    // The same id in a partition that is not its own would be somebody else's fault.
    publish(&snapshots, 30, other, &["c10"], &[]);

    let found = search(&snapshots, &ids[..1]).unwrap();
    assert_eq!(found.len(), 2);
    assert!(found[0].is_free() && !found[1].is_free());
    assert_eq!(
        (&found[0].held[..], &found[0].blocked[..]),
        (&[][..], &ids[..1])
    );
    assert_eq!(
        (&found[1].held[..], &found[1].blocked[..]),
        (&ids[..1], &[][..])
    );
    assert_eq!((found[0].newer, found[1].newer), (0, 1));
    assert_eq!(found[1].created_ms, Some(T0 + 10));

    snapshots.remove(&before).unwrap();
    let found = search(&snapshots, &ids[..1]).unwrap();
    assert!(found.len() == 1 && found[0].is_free(), "{found:?}");
}

#[test]
fn a_damaged_generation_shows_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let snapshots = place(dir.path());
    let own = murmur2_partition(b"c1", PARTITIONS);
    let name = publish(&snapshots, 10, own, &["c10"], &["c1"]);
    let path = dir.path().join(name.to_string());
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() - 100;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let found = search(&snapshots, &["c1".to_owned()]).unwrap();
    assert_eq!(found.len(), 1);
    assert!(found[0].fault.is_some() && !found[0].is_free());
}
