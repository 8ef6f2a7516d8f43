//! Outputs and input offsets in Kafka transactions, by librdkafka. What failures mean and what is done about them:
//! [`transactions`](crate::transactions).

mod context;
mod records;
#[cfg(test)]
mod tests;
mod transaction;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use holdfast_consumer::{CommittedAt, GroupHandle, KafkaSettings};
use rdkafka::producer::{BaseProducer, Producer};
use tracing::{info, warn};

use crate::transactions::{Failure, Patience, SinkHealth, Transactions};
use crate::{Outputs, Position, SinkError, Stream};
pub(crate) use context::{Context, serve};

/// How long the coordinator may take to hand out a producer id.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// What the sink needs to know beside the outputs.
#[derive(Debug, Clone)]
pub struct KafkaSinkSettings {
    /// How to reach the broker.
    pub client: KafkaSettings,
    pub alerts: String,
    pub dead_letters: String,
    /// Topics of the streams that are wanted; records of others are not sent.
    pub streams: BTreeMap<Stream, String>,
    pub journal: String,
    /// Stable over restarts and unique among running processes.
    pub transactional_id: String,
    /// `[app] id`, for the dead letters' headers.
    pub app: String,
    pub version: String,
}

/// Writes alerts, dead letters and journal, and commits the offsets of `group`, all or nothing.
pub struct KafkaTransactions {
    /// Shared with calls that had to be left behind, see `transaction`.
    producer: Arc<BaseProducer<Context>>,
    settings: KafkaSinkSettings,
    group: GroupHandle,
    health: Arc<SinkHealth>,
    /// The batch whose dead letters go out cut: the topic did not take one of them whole.
    cut: Option<Vec<Position>>,
}

impl KafkaTransactions {
    /// Takes over the transactional id: transactions a forerunner left open are ended. To be done before offsets
    /// are looked up. Tries for as long as `health` is not told to stop.
    ///
    /// # Errors
    /// When the broker refuses, or there is no time left to try.
    pub fn open(
        settings: KafkaSinkSettings,
        group: GroupHandle,
        health: Arc<SinkHealth>,
    ) -> Result<Self, SinkError> {
        let producer = new_producer(&settings, &health, true)?;
        info!(transactional_id = %settings.transactional_id, "producer ready");
        Ok(Self {
            producer,
            settings,
            group,
            health,
            cut: None,
        })
    }
}

impl Transactions for KafkaTransactions {
    fn id(&self) -> &str {
        &self.settings.transactional_id
    }

    fn health(&self) -> &Arc<SinkHealth> {
        &self.health
    }

    fn transact(&mut self, outputs: &Outputs, positions: &[Position]) -> Result<(), Failure> {
        let cut_letters = self.cut.as_deref() == Some(positions);
        let result = self.one(outputs, positions, cut_letters);
        if result.is_err() && self.producer.context().take_too_large() {
            warn!("a record is larger than its topic takes, dead letters of this commit are cut");
            self.cut = Some(positions.to_vec());
        }
        result
    }

    fn renew(&mut self) -> Result<(), SinkError> {
        self.purge();
        // Rights that were taken away from a running service may come back.
        self.producer = new_producer(&self.settings, &self.health, false)?;
        Ok(())
    }

    fn committed(&mut self, partitions: &[i32]) -> Result<Vec<CommittedAt>, String> {
        self.group.committed(partitions, INIT_TIMEOUT)
    }

    fn wait(&mut self, time: Duration) {
        thread::sleep(time);
    }
}

fn new_producer(
    settings: &KafkaSinkSettings,
    health: &SinkHealth,
    starting: bool,
) -> Result<Arc<BaseProducer<Context>>, SinkError> {
    let mut patience = Patience::default();
    loop {
        let context = Context::default();
        let producer: BaseProducer<Context> = transaction::config(settings)
            .create_with_context(context)
            .map_err(|e| SinkError::Config(format!("kafka: {e}")))?;
        match producer.init_transactions(INIT_TIMEOUT) {
            Ok(()) => {
                health.set_trouble(None);
                return Ok(Arc::new(producer));
            }
            Err(error) => {
                let text = format!(
                    "cannot start transactions as `{}`: {error}",
                    settings.transactional_id
                );
                if starting && transaction::is_denied(&error) {
                    return Err(SinkError::Config(text));
                }
                health.set_trouble(Some(text.clone()));
                thread::sleep(patience.next(health, &text)?);
            }
        }
    }
}
