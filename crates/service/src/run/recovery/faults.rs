//! What speaks against going on, in words.

use holdfast_consumer::Assigned;
use holdfast_producer::Metadata;

/// The log does not reach back far enough, and no snapshot helps.
pub(super) fn lost(assigned: &Assigned, refused: &[String]) -> String {
    let begin = assigned.begin;
    let committed = assigned
        .committed
        .as_ref()
        .map_or(begin, |(offset, _)| *offset);
    let mut text = format!(
        "the log starts at offset {begin}, so the state up to the committed {committed} cannot be rebuilt from it"
    );
    if refused.is_empty() {
        text.push_str(", and there is no snapshot");
    } else {
        text.push_str(", and no snapshot can be used: ");
        text.push_str(&refused.join("; "));
    }
    text
}

/// What speaks against going on from where the last run ended, snapshots aside.
pub(super) fn faults(
    assigned: &Assigned,
    metadata: Option<&Metadata>,
    partitions: u32,
    state_hash: &str,
) -> Vec<String> {
    let mut faults = Vec::new();
    let Some((offset, _)) = &assigned.committed else {
        return faults;
    };
    if let Some(end) = assigned.end.filter(|end| end < offset) {
        faults.push(format!(
            "the log ends at offset {end}, before the committed {offset}: is it another log?"
        ));
    }
    let Some(metadata) = metadata else {
        faults.push(format!(
            "the commit at offset {offset} was not made by this program"
        ));
        return faults;
    };
    if metadata.state_hash != state_hash {
        faults.push(
            "the state was built with other settings (events, features, money or the model's own currency and carts)"
                .to_owned(),
        );
    }
    if ![0, partitions].contains(&metadata.partitions) {
        let (was, is) = (metadata.partitions, partitions);
        faults.push(format!(
            "the input had {was} partitions and has {is}: customers have moved away from their state; \
             `holdfast rescale` moves the state after them"
        ));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assigned(begin: i64, end: i64, committed: Option<(i64, &str)>) -> Assigned {
        let committed = committed.map(|(offset, state)| {
            let metadata = Metadata {
                state_hash: state.into(),
                ..Metadata::default()
            };
            (offset, metadata.to_json())
        });
        Assigned {
            partition: 0,
            begin,
            end: Some(end),
            committed,
        }
    }

    fn check(assigned: &Assigned, expected: &[&str]) {
        let metadata = assigned
            .committed
            .as_ref()
            .and_then(|(_, text)| Metadata::from_json(text));
        let found = faults(assigned, metadata.as_ref(), 4, "s");
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.contains(expected), "{found} lacks {expected}");
        }
    }

    #[test]
    fn a_whole_log_is_fine_with_or_without_a_commit() {
        check(&assigned(0, 9, None), &[]);
        check(&assigned(0, 9, Some((9, "s"))), &[]);
    }

    #[test]
    fn another_log_and_another_state_are_faults() {
        check(&assigned(0, 4, Some((5, "s"))), &["another log"]);
        check(&assigned(0, 9, Some((5, "x"))), &["other settings"]);
    }

    #[test]
    fn another_number_of_partitions_is_a_fault() {
        let metadata = Metadata {
            state_hash: "s".into(),
            partitions: 3,
            ..Metadata::default()
        };
        let grown = Assigned {
            committed: Some((5, metadata.to_json())),
            ..assigned(0, 9, None)
        };
        check(&grown, &["had 3 partitions and has 4"]);
    }

    #[test]
    fn a_commit_of_somebody_else_is_a_fault() {
        let other = Assigned {
            committed: Some((5, "reset by a tool".into())),
            ..assigned(0, 9, None)
        };
        check(&other, &["not made by this program"]);
    }
}
