//! `[snapshot]`: where images of the state are kept, how often they are taken, how many stay.

use std::path::Path;

use holdfast_store::Location;

use super::reader::Reader;
use super::{Log, Snapshot};

/// More often than this, writing images would be what the machine does.
const SHORTEST_MS: i64 = 1_000;

/// `log` is the embedded log, where that is the source.
pub(super) fn read(reader: &mut Reader<'_>, log: Option<&Log>) -> Snapshot {
    // A run that writes to stdout cannot go on after its end, so nothing would ever be loaded.
    let resumes = log.is_none_or(|log| log.output != Path::new("-"));
    Snapshot {
        enabled: reader.flag("snapshot.enabled").unwrap_or(true) && resumes,
        location: location(reader, log),
        interval_ms: interval(reader),
        every_events: count(reader, "snapshot.every_events", 1_000..=i64::MAX),
        keep: count(reader, "snapshot.keep", 3..=1_000),
    }
}

fn location(reader: &mut Reader<'_>, log: Option<&Log>) -> Location {
    let key = "snapshot.location";
    let base = reader.base(key);
    let Some(text) = reader.text(key) else {
        let dir = log.map_or(base.as_path(), |log| &log.output);
        return Location::Directory(dir.join("snapshots"));
    };
    Location::parse(&text, &base).unwrap_or_else(|error| {
        reader.fault(key, error.to_string());
        Location::Directory(base)
    })
}

fn interval(reader: &mut Reader<'_>) -> i64 {
    let key = "snapshot.interval";
    let ms = reader.duration(key).unwrap_or(SHORTEST_MS);
    if ms < SHORTEST_MS {
        reader.fault(key, format!("{ms}ms is shorter than 1s"));
    }
    ms
}

fn count<N: TryFrom<i64> + Default>(
    reader: &mut Reader<'_>,
    key: &str,
    allowed: std::ops::RangeInclusive<i64>,
) -> N {
    let Some(number) = reader.integer(key) else {
        return N::default();
    };
    if !allowed.contains(&number) {
        reader.fault(
            key,
            if *allowed.end() == i64::MAX {
                format!("{number} is below {}", allowed.start())
            } else {
                format!(
                    "{number} is not between {} and {}",
                    allowed.start(),
                    allowed.end()
                )
            },
        );
    }
    N::try_from(number).unwrap_or_default()
}
