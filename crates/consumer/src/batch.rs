//! librdkafka's batch queue, which rdkafka does not wrap: reading message by message costs twice the time.
//!
//! With `kafka/rights.rs` this is the only module of the workspace that may use `unsafe`. What it relies on, by librdkafka's own contract:
//! - a queue and a message live no longer than their client: both hold an [`Owner`], which keeps it alive;
//! - a message that was read belongs to the reader until it is destroyed, on any thread; it is read-only but for its
//!   headers, which are unpacked at the first look, so [`Messages`] is `Send` and not `Sync`;
//! - partitions are forwarded to the queue before they are assigned, which librdkafka then leaves in place; its other
//!   events (rebalances, errors, logs) stay on the consumer's own queue, which has to be polled beside this one.
#![allow(unsafe_code)]

use std::any::Any;
use std::cell::OnceCell;
use std::ffi::{CStr, CString, c_void};
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use holdfast_events::{Header, Headers, Record, Unpack};
use rdkafka::bindings::{
    rd_kafka_consume_batch_queue, rd_kafka_get_watermark_offsets, rd_kafka_header_get_all,
    rd_kafka_headers_t, rd_kafka_message_destroy, rd_kafka_message_errstr,
    rd_kafka_message_headers, rd_kafka_message_t, rd_kafka_message_timestamp,
    rd_kafka_queue_destroy, rd_kafka_queue_forward, rd_kafka_queue_get_partition,
    rd_kafka_queue_new, rd_kafka_queue_t, rd_kafka_timestamp_type_t,
};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::types::{RDKafka, RDKafkaRespErr};

/// Keeps a consumer alive, whatever its context is.
pub(crate) type Owner = Arc<dyn Any + Send + Sync>;

/// Messages taken from the queue at once.
const READ_AT_ONCE: usize = 4096;

/// The queue all partitions of a consumer are forwarded to.
pub(crate) struct Queue {
    queue: *mut rd_kafka_queue_t,
    client: *mut RDKafka,
    buffer: Vec<*mut rd_kafka_message_t>,
    owner: Owner,
}

/// What one read of the queue gave for one partition.
pub(crate) enum Read {
    Messages {
        partition: i32,
        messages: Messages,
    },
    /// Everything before `offset` has been read.
    End {
        partition: i32,
        offset: i64,
    },
    Error {
        partition: i32,
        code: RDKafkaErrorCode,
        text: String,
    },
}

// SAFETY: queue handles may be used from any thread; the buffer is empty between calls.
unsafe impl Send for Queue {}

impl Queue {
    pub(crate) fn new<C: ConsumerContext + 'static>(consumer: &Arc<BaseConsumer<C>>) -> Self {
        let client = consumer.client().native_ptr();
        // SAFETY: the client is alive, and `owner` keeps it so for as long as the queue is.
        let queue = unsafe { rd_kafka_queue_new(client) };
        Self {
            queue,
            client,
            buffer: vec![ptr::null_mut(); READ_AT_ONCE],
            owner: Arc::clone(consumer) as Owner,
        }
    }

    /// Forwards a partition to this queue; to be called before the partition is assigned.
    pub(crate) fn forward(&self, topic: &CStr, partition: i32) {
        // SAFETY: client and queue are alive; the reference to the partition's queue is given back at once.
        unsafe {
            let source = rd_kafka_queue_get_partition(self.client, topic.as_ptr(), partition);
            if !source.is_null() {
                rd_kafka_queue_forward(source, self.queue);
                rd_kafka_queue_destroy(source);
            }
        }
    }

    /// Reads what is there, waiting at most `timeout` for the first message.
    pub(crate) fn read(&mut self, timeout: Duration) -> Vec<Read> {
        let mut count = self.take(0, 1, timeout);
        if count == 1 {
            count += self.take(1, READ_AT_ONCE - 1, Duration::ZERO);
        }
        let mut out: Vec<Read> = Vec::new();
        let taken: Vec<_> = self.buffer[..count].to_vec();
        for message in taken {
            self.sort_in(message, &mut out);
        }
        out
    }

    /// The read of a batch waits until the batch is full, so the first message is waited for alone.
    fn take(&mut self, from: usize, room: usize, timeout: Duration) -> usize {
        let millis = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: `room` slots are there behind `from`.
        let count = unsafe {
            rd_kafka_consume_batch_queue(
                self.queue,
                millis,
                self.buffer.as_mut_ptr().add(from),
                room,
            )
        };
        // Negative on failure, with nothing read.
        usize::try_from(count).unwrap_or(0)
    }

    fn sort_in(&self, message: *mut rd_kafka_message_t, out: &mut Vec<Read>) {
        // SAFETY: the queue gave us the message; it is destroyed here or by the `Messages` it is put into.
        let head = unsafe { &*message };
        let partition = head.partition;
        if head.err == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            // Messages of a partition come in runs; there are few partitions in one read.
            let place = out.iter_mut().find_map(|read| match read {
                Read::Messages {
                    partition: p,
                    messages,
                } if *p == partition => Some(messages),
                _ => None,
            });
            if let Some(messages) = place {
                messages.messages.push(message);
            } else {
                let messages = Messages {
                    messages: vec![message],
                    _owner: Arc::clone(&self.owner),
                };
                out.push(Read::Messages {
                    partition,
                    messages,
                });
            }
            return;
        }
        if head.err == RDKafkaRespErr::RD_KAFKA_RESP_ERR__PARTITION_EOF {
            out.push(Read::End {
                partition,
                offset: head.offset,
            });
        } else {
            // SAFETY: the text lives as long as the message.
            let text = unsafe { text_of(rd_kafka_message_errstr(message)) };
            out.push(Read::Error {
                partition,
                code: head.err.into(),
                text,
            });
        }
        // SAFETY: ours, and not used after this.
        unsafe { rd_kafka_message_destroy(message) };
    }

    /// Offset after the newest record of a partition, as the last answer to a fetch told it.
    pub(crate) fn log_end(&self, topic: &CStr, partition: i32) -> Option<i64> {
        let (mut low, mut high) = (-1, -1);
        // SAFETY: the client is alive; both targets are.
        let err = unsafe {
            rd_kafka_get_watermark_offsets(
                self.client,
                topic.as_ptr(),
                partition,
                &mut low,
                &mut high,
            )
        };
        (err == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0).then_some(high)
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: ours; the client is still alive.
        unsafe { rd_kafka_queue_destroy(self.queue) };
    }
}

/// Messages of one partition in offset order.
pub(crate) struct Messages {
    messages: Vec<*mut rd_kafka_message_t>,
    _owner: Owner,
}

// SAFETY: a message may be read and destroyed on any thread, one thread at a time.
unsafe impl Send for Messages {}

impl Messages {
    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    /// Offset after the last message.
    pub(crate) fn next_offset(&self) -> i64 {
        // SAFETY: alive until `self` is dropped.
        self.messages
            .last()
            .map_or(0, |last| unsafe { (**last).offset + 1 })
    }

    pub(crate) fn for_each_chunk(&self, size: usize, each: &mut impl FnMut(&[Record<'_>])) {
        for chunk in self.messages.chunks(size) {
            let packed: Vec<Packed<'_>> = chunk.iter().copied().map(Packed::new).collect();
            let records: Vec<Record<'_>> = packed
                .iter()
                // SAFETY: alive until `self` is dropped.
                .map(|packed| unsafe { record_of(packed) })
                .collect();
            each(&records);
        }
    }
}

/// A message whose headers are unpacked at the first question: that takes librdkafka an allocation even where there
/// are none, and who reads a plain event asks for none.
struct Packed<'a> {
    message: *mut rd_kafka_message_t,
    headers: OnceCell<Vec<Header<'a>>>,
}

impl Packed<'_> {
    fn new(message: *mut rd_kafka_message_t) -> Self {
        let headers = OnceCell::new();
        Self { message, headers }
    }
}

impl<'a> Unpack<'a> for Packed<'a> {
    fn headers(&'a self) -> &'a [Header<'a>] {
        // SAFETY: alive until the `Messages` that it belongs to are dropped, which 'a does not outlive.
        self.headers
            .get_or_init(|| unsafe { headers_of(self.message) })
    }
}

impl Drop for Messages {
    fn drop(&mut self) {
        for message in self.messages.drain(..) {
            // SAFETY: ours, and not used after this.
            unsafe { rd_kafka_message_destroy(message) };
        }
    }
}

unsafe fn record_of<'a>(packed: &'a Packed<'a>) -> Record<'a> {
    let message = packed.message;
    // SAFETY: the caller keeps the message alive for 'a.
    unsafe {
        let head = &*message;
        let mut kind = rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        let timestamp = rd_kafka_message_timestamp(message, &mut kind);
        Record {
            partition: head.partition,
            offset: head.offset,
            line: None,
            key: bytes_of(head.key, head.key_len),
            value: bytes_of(head.payload, head.len),
            timestamp: (timestamp >= 0).then_some(timestamp),
            headers: Headers::Packed(packed),
        }
    }
}

unsafe fn bytes_of<'a>(start: *const c_void, len: usize) -> Option<&'a [u8]> {
    // SAFETY: librdkafka gives null for an absent key or value, else `len` bytes.
    (!start.is_null()).then(|| unsafe { std::slice::from_raw_parts(start.cast::<u8>(), len) })
}

unsafe fn headers_of<'a>(message: *mut rd_kafka_message_t) -> Vec<Header<'a>> {
    let mut out = Vec::new();
    // SAFETY: the caller keeps the message, and so its headers, alive for 'a.
    unsafe {
        let mut headers: *mut rd_kafka_headers_t = ptr::null_mut();
        let err = rd_kafka_message_headers(message, &mut headers);
        if err != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            return out;
        }
        for index in 0.. {
            let (mut name, mut value, mut size) = (ptr::null(), ptr::null(), 0);
            let err = rd_kafka_header_get_all(headers, index, &mut name, &mut value, &mut size);
            if err != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
                return out;
            }
            // Names are text by Kafka's protocol; one that is not has no name we could match or pass on.
            let name = CStr::from_ptr(name).to_str().unwrap_or("(not utf-8)");
            out.push(Header {
                name,
                value: bytes_of(value, size),
            });
        }
    }
    out
}

unsafe fn text_of(text: *const std::ffi::c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: librdkafka's texts end in NUL.
    unsafe { CStr::from_ptr(text) }
        .to_string_lossy()
        .into_owned()
}

/// A topic's name for the calls above; none when it holds a NUL, which no topic does.
pub(crate) fn topic_name(topic: &str) -> Option<CString> {
    CString::new(topic).ok()
}
