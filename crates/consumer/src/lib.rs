//! Input: where records come from. It knows Kafka and files, and no JSON.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`source`] | the trait both inputs stand behind, the batches they give, the rebalance hand-shake |
//! | [`lines`] | event files: one record a line, plain or `.gz`, or stdin |
//! | [`log`] | the embedded log: a directory of partitions, a file or stdin as a [`Source`] |
//! | [`kafka`] | a topic as a [`Source`]: one consumer on one thread, read in batches |
//! | `batch` | librdkafka's batch queue; with `kafka/rights.rs` the only `unsafe` of the workspace |
//! | [`partitioner`] | Kafka's murmur2, so that equal keys reach equal partitions whoever writes them |

mod batch;
pub mod error;
pub mod kafka;
pub mod lines;
pub mod log;
pub mod partitioner;
pub mod source;

pub use error::SourceError;
pub use kafka::{
    CommittedAt, GroupHandle, KafkaSettings, KafkaSource, OwnedRecord, Probe, Redacted, Right,
    Span, TopicState, committed_end, committed_offsets, each_of_partition, first_timestamps,
    is_secret, read_partition, read_spans, read_topic, set_committed_offsets,
};
pub use lines::{LineBatch, LineReader};
pub use log::{LogSettings, LogSource};
pub use partitioner::murmur2_partition;
pub use source::{Assigned, Batch, Partitions, Polled, Refusal, Source, Start, now_ms};
