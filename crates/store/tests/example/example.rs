//! A snapshot's first line for tests.

use holdfast_store::{FORMAT, Manifest, PARTITIONER};

pub(crate) fn manifest(partition: i32, offset: i64) -> Manifest {
    Manifest {
        format: FORMAT.to_owned(),
        logic: 1,
        registry: "r".to_owned(),
        state_hash: "s".to_owned(),
        app: "shop".to_owned(),
        topic: "events".to_owned(),
        topic_id: Some("t1".to_owned()),
        cluster_id: Some("k1".to_owned()),
        input: Some(7),
        partition,
        partitions: 4,
        partitioner: PARTITIONER.to_owned(),
        offset,
        byte: None,
        clock: None,
        input_clock: None,
        fired: None,
        model_sha256: "m".to_owned(),
        model_id: "model".to_owned(),
        config_hash: "c".to_owned(),
        journal_offset: 0,
        journal_entries: 0,
        customers: 1,
        created_ms: 1,
        sections: Vec::new(),
    }
}
