//! What librdkafka calls back on the producer's side.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, NoCustomPartitioner, Producer, ProducerContext};
use tracing::{debug, info, warn};

/// Keeps the first delivery error of a transaction, which says more than "has failed messages".
#[derive(Default)]
pub(crate) struct Context {
    failed: Mutex<Option<String>>,
    /// A record was larger than its topic takes.
    too_large: AtomicBool,
}

impl Context {
    pub(crate) fn take_failed(&self) -> Option<String> {
        self.failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    pub(crate) fn take_too_large(&self) -> bool {
        self.too_large.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn note(&self, error: &KafkaError) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageSizeTooLarge) {
            self.too_large.store(true, Ordering::Release);
        }
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get_or_insert_with(|| error.to_string());
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, fac: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error => warn!(target: "librdkafka", "{fac}: {message}"),
            RDKafkaLogLevel::Warning | RDKafkaLogLevel::Notice => {
                info!(target: "librdkafka", "{fac}: {message}");
            }
            RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
                debug!(target: "librdkafka", "{fac}: {message}")
            }
        }
    }

    fn error(&self, _: KafkaError, reason: &str) {
        debug!("kafka: {reason}");
    }
}

impl ProducerContext<NoCustomPartitioner> for Context {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            self.note(error);
        }
    }
}

/// How long to sleep where nothing has been acknowledged.
const NAP: Duration = Duration::from_micros(200);

/// Takes the reports that are there; naps if there were none.
///
/// rdkafka's own `poll` and `flush` are not left to wait: what is left of their time-out is rounded down to whole
/// milliseconds, so that they go round without rest in the last one, and take a core for it.
pub(crate) fn serve(producer: &BaseProducer<Context>) {
    let before = producer.in_flight_count();
    producer.poll(Duration::ZERO);
    if producer.in_flight_count() == before {
        thread::sleep(NAP);
    }
}
