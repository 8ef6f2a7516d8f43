//! State to begin a replay with: one snapshot, or the newest of each partition.

use std::fs;
use std::path::Path;

use holdfast_features::{LOGIC, registry_hash};
use holdfast_store::{Listed, Manifest, Snapshot, Snapshots, Wanted, choose};

use crate::config;
use crate::pipeline::{Partition, Settings};
use crate::run::RunError;

/// Partitions as of their snapshots.
#[derive(Debug)]
pub struct Begin {
    /// Partitions of the input.
    pub partitions: u32,
    /// Number, offset of the first record that is not in the state, and the state.
    pub states: Vec<(i32, i64, Partition)>,
    /// The snapshots' names, or the file's.
    pub names: Vec<String>,
}

impl Begin {
    /// `latest`, the name of a snapshot of the configuration's store, or the path of one's file.
    ///
    /// # Errors
    /// When there is none that this version can go on from under this configuration.
    pub fn with(
        text: &str,
        config: &config::Settings,
        settings: &Settings,
    ) -> anyhow::Result<Self> {
        let path = Path::new(text);
        if path.is_file() {
            let bytes = fs::read(path)?;
            let snapshot = Snapshot::read(bytes, None).map_err(|fault| refused(text, &fault))?;
            return Self::of(vec![(text.to_owned(), snapshot)], settings);
        }
        let store = Snapshots::open(
            &config.snapshot.location,
            &config.app.id,
            config.input_name(),
        )?;
        if text != "latest" {
            let name = store.name(text)?;
            let snapshot = store.load(&name)?;
            return Self::of(vec![(text.to_owned(), snapshot)], settings);
        }
        let list = store.list(None)?;
        let newest = list
            .iter()
            .filter_map(|listed| listed.manifest.as_ref().ok());
        let newest = newest.max_by_key(|manifest| manifest.created_ms);
        let Some(partitions) = newest.map(|manifest| manifest.partitions) else {
            let place = &config.snapshot.location;
            return Err(RunError::Config(format!("there is no snapshot in {place}")).into());
        };
        let mut snapshots = Vec::new();
        for partition in 0..i32::try_from(partitions)? {
            snapshots.push(latest(
                &store,
                &list,
                &wanted(partition, partitions, settings),
            )?);
        }
        Self::of(snapshots, settings)
    }

    fn of(snapshots: Vec<(String, Snapshot)>, settings: &Settings) -> anyhow::Result<Self> {
        let mut begin = Self {
            partitions: 0,
            states: Vec::new(),
            names: Vec::new(),
        };
        for (name, snapshot) in snapshots {
            let manifest = snapshot.manifest();
            fits(manifest, settings).map_err(|fault| refused(&name, &fault))?;
            let restored = Partition::restore(settings, &snapshot);
            let mut state = restored.map_err(|fault| refused(&name, &fault))?;
            if manifest.model_sha256 != settings.model().sha256()
                || manifest.config_hash != settings.decision_hash()
            {
                // Marks of another model or policy promise nothing.
                state.rearm();
                state.retrack(None);
            }
            begin.partitions = manifest.partitions;
            begin
                .states
                .push((manifest.partition, manifest.offset, state));
            begin.names.push(name);
        }
        Ok(begin)
    }
}

fn refused(name: &str, fault: &dyn std::fmt::Display) -> RunError {
    RunError::Config(format!("snapshot {name}: {fault}"))
}

fn wanted(partition: i32, partitions: u32, settings: &Settings) -> Wanted {
    Wanted {
        partition,
        partitions,
        topic_id: None,
        cluster_id: None,
        logic: LOGIC,
        registry: registry_hash(),
        state_hash: settings.state_hash().to_owned(),
        at_most_offset: i64::MAX,
        at_most_entries: None,
    }
}

/// The newest that can be used.
fn latest(
    store: &Snapshots,
    list: &[Listed],
    wanted: &Wanted,
) -> anyhow::Result<(String, Snapshot)> {
    let choice = choose(list, wanted);
    let mut faults: Vec<String> = Vec::new();
    for (name, why) in &choice.refused {
        faults.push(format!("{name}: {why}"));
    }
    for listed in choice.candidates {
        match store.load(&listed.name) {
            Ok(snapshot) => return Ok((listed.name.to_string(), snapshot)),
            Err(fault) => faults.push(fault.to_string()),
        }
    }
    let partition = wanted.partition;
    let text = match faults.join("; ") {
        none if none.is_empty() => format!("there is no snapshot of partition {partition}"),
        why => format!("no snapshot of partition {partition} can be used: {why}"),
    };
    Err(RunError::Config(text).into())
}

/// What [`choose`] looks at, for one that was named.
fn fits(manifest: &Manifest, settings: &Settings) -> Result<(), String> {
    if manifest.logic != LOGIC {
        let has = manifest.logic;
        return Err(format!(
            "other logic: state of version {has}, this program has version {LOGIC}"
        ));
    }
    if manifest.registry != registry_hash() {
        return Err("other features than today's shaped this state".to_owned());
    }
    if manifest.state_hash != settings.state_hash() {
        return Err("other settings than these shaped this state".to_owned());
    }
    Ok(())
}
