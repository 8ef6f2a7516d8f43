//! Output: what the pipeline hands on, and the places it can go.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`outputs`] | alerts, dead letters, journal, input positions: what one commit carries |
//! | [`sink`] | the trait of all places: all of a commit, or nothing |
//! | [`kafka`] | transactions on Kafka |
//! | [`log`] | files in a directory with a manifest, or stdout |
//! | [`letters`] | dead letters as headers and as JSON |
//! | [`feeder`] | plain writing to an input topic |
//! | [`admin`] | topics: which are there, which are missing, making them |

pub mod admin;
pub mod error;
pub mod feeder;
pub mod kafka;
pub mod letters;
pub mod log;
pub mod outputs;
pub mod sink;
pub mod transactions;

pub use admin::{Admin, TopicSpec};
pub use error::SinkError;
pub use feeder::{Feeder, Outgoing};
pub use kafka::{KafkaSinkSettings, KafkaTransactions};
pub use log::{LogSink, LogSinkSettings, SegmentWriter, StdoutSink};
pub use outputs::{
    DeadLetter, JournalRecord, Metadata, OutAlert, OutRecord, Outputs, Position, Stream,
};
pub use sink::Sink;
pub use transactions::{SinkHealth, TransactionalSink};
