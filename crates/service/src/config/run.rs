//! `[run]`: how a run looks after itself.

use std::time::Duration;

use super::Run;
use super::reader::Reader;

/// A single call to a broker that is away may take some fifteen seconds before it is given up.
const SHORTEST_WATCHDOG_MS: i64 = 30_000;

pub(super) fn read(reader: &mut Reader<'_>) -> Run {
    Run {
        watchdog: watchdog(reader),
        skip: skip(reader),
    }
}

fn watchdog(reader: &mut Reader<'_>) -> Option<Duration> {
    let key = "run.watchdog";
    if reader.text(key)? == "off" {
        return None;
    }
    let ms = reader.duration(key)?;
    if ms < SHORTEST_WATCHDOG_MS {
        reader.fault(
            key,
            "is shorter than 30s, which a broker that is away may take",
        );
    }
    Some(Duration::from_millis(ms.unsigned_abs()))
}

fn skip(reader: &mut Reader<'_>) -> Vec<(i32, i64)> {
    let key = "run.skip";
    let mut skip = Vec::new();
    for text in reader.texts(key).unwrap_or_default() {
        let place = text.split_once(':').and_then(|(partition, offset)| {
            let place: (i32, i64) = (partition.parse().ok()?, offset.parse().ok()?);
            (place.0 >= 0 && place.1 >= 0).then_some(place)
        });
        match place {
            Some(place) => skip.push(place),
            None => reader.fault(key, format!("`{text}` is not partition:offset")),
        }
    }
    skip
}

#[cfg(test)]
mod tests {
    use crate::config::{Layers, Settings};

    fn load(env: &[(&str, &str)]) -> Result<Settings, String> {
        let env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let loaded = Layers::default().with_env(env).load();
        loaded
            .map(|loaded| loaded.settings)
            .map_err(|faults| faults.to_string())
    }

    #[test]
    fn records_to_skip_are_named_by_partition_and_offset() {
        let run = load(&[("HOLDFAST__RUN__SKIP", "2:1234, 0:7")]).unwrap().run;
        assert_eq!(run.skip, [(2, 1234), (0, 7)]);
        for wrong in ["7", "a:1", "1:-1", "-1:1", "1:2:3"] {
            let faults = load(&[("HOLDFAST__RUN__SKIP", wrong)]).unwrap_err();
            assert!(faults.contains("is not partition:offset"), "{faults}");
        }
    }

    #[test]
    fn a_watchdog_can_be_off_and_is_never_shorter_than_a_call_to_the_broker() {
        let of = |text| load(&[("HOLDFAST__RUN__WATCHDOG", text)]);
        assert_eq!(of("off").unwrap().run.watchdog, None);
        assert_eq!(of("1m").unwrap().run.watchdog.unwrap().as_secs(), 60);
        assert!(of("29s").unwrap_err().contains("shorter than 30s"));
        assert_eq!(load(&[]).unwrap().run.watchdog.unwrap().as_secs(), 300);
    }
}
