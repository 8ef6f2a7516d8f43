//! What the broker lets us do: its answer to "describe, with authorized operations", which rdkafka does not wrap.
//!
//! `unsafe` rests on librdkafka's contract for admin calls: a request copies its names, an answer is an event that owns
//! all it gives until it is destroyed, and what is not asked for is given as null.
#![allow(unsafe_code)]

use std::ffi::{CString, c_char, c_int};
use std::fmt;
use std::ptr;
use std::slice;
use std::time::Duration;

use rdkafka::bindings::{
    rd_kafka_AclOperation_t, rd_kafka_AdminOptions_destroy, rd_kafka_AdminOptions_new,
    rd_kafka_AdminOptions_set_include_authorized_operations,
    rd_kafka_AdminOptions_set_request_timeout, rd_kafka_AdminOptions_t,
    rd_kafka_ConsumerGroupDescription_authorized_operations,
    rd_kafka_ConsumerGroupDescription_error, rd_kafka_DescribeConsumerGroups,
    rd_kafka_DescribeConsumerGroups_result_groups, rd_kafka_DescribeTopics,
    rd_kafka_DescribeTopics_result_topics, rd_kafka_TopicCollection_destroy,
    rd_kafka_TopicCollection_of_topic_names, rd_kafka_TopicDescription_authorized_operations,
    rd_kafka_TopicDescription_error, rd_kafka_admin_op_t, rd_kafka_error_code,
    rd_kafka_error_destroy, rd_kafka_error_t, rd_kafka_event_DescribeConsumerGroups_result,
    rd_kafka_event_DescribeTopics_result, rd_kafka_event_destroy, rd_kafka_event_error,
    rd_kafka_event_t, rd_kafka_queue_destroy, rd_kafka_queue_new, rd_kafka_queue_poll,
    rd_kafka_queue_t,
};
use rdkafka::types::{RDKafka, RDKafkaRespErr};

/// Something that an access control list may grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    Read,
    Write,
}

impl Right {
    /// As Kafka's own tools write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "Read",
            Self::Write => "Write",
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is allowed on one topic or group; `None` where the broker does not say.
pub(super) type Allowed = Option<Vec<Right>>;

/// The rights on each of `topics`, in their order; `None` when no broker answers in time.
pub(super) fn of_topics(
    client: *mut RDKafka,
    topics: &[&str],
    timeout: Duration,
) -> Option<Vec<Allowed>> {
    let names = CNames::new(topics)?;
    let mut pointers = names.pointers();
    let op = rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS;
    // Safety: the names live until the call returns, and it copies them.
    let event = ask(client, op, timeout, |options, queue| unsafe {
        let of = rd_kafka_TopicCollection_of_topic_names(pointers.as_mut_ptr(), pointers.len());
        rd_kafka_DescribeTopics(client, of, options, queue);
        rd_kafka_TopicCollection_destroy(of);
    })?;
    let mut count = 0;
    // Safety: the event is an answer to the question above and lives to the end of this function.
    unsafe {
        let result = rd_kafka_event_DescribeTopics_result(event.0);
        let found = rd_kafka_DescribeTopics_result_topics(result, &raw mut count);
        let each = slice_of(found.cast_const(), count).iter().map(|topic| {
            let mut count = 0;
            let list = rd_kafka_TopicDescription_authorized_operations(*topic, &raw mut count);
            allowed(
                rd_kafka_TopicDescription_error(*topic),
                slice_of(list, count),
            )
        });
        Some(each.collect())
    }
}

/// The rights on a consumer group, which need not be there; `None` when no broker answers in time.
pub(super) fn of_group(client: *mut RDKafka, group: &str, timeout: Duration) -> Option<Allowed> {
    let names = CNames::new(&[group])?;
    let mut pointers = names.pointers();
    let op = rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS;
    // Safety: as above.
    let event = ask(client, op, timeout, |options, queue| unsafe {
        rd_kafka_DescribeConsumerGroups(client, pointers.as_mut_ptr(), 1, options, queue);
    })?;
    let mut count = 0;
    // Safety: as above.
    unsafe {
        let result = rd_kafka_event_DescribeConsumerGroups_result(event.0);
        let found = rd_kafka_DescribeConsumerGroups_result_groups(result, &raw mut count);
        let group = *slice_of(found.cast_const(), count).first()?;
        let mut count = 0;
        let list = rd_kafka_ConsumerGroupDescription_authorized_operations(group, &raw mut count);
        let error = rd_kafka_ConsumerGroupDescription_error(group);
        Some(allowed(error, slice_of(list, count)))
    }
}

/// An answer, which owns what is read out of it.
struct Answer(*mut rd_kafka_event_t);

impl Drop for Answer {
    fn drop(&mut self) {
        // Safety: it is ours, and nothing of it is kept.
        unsafe { rd_kafka_event_destroy(self.0) }
    }
}

fn ask(
    client: *mut RDKafka,
    op: rd_kafka_admin_op_t,
    timeout: Duration,
    send: impl FnOnce(*const rd_kafka_AdminOptions_t, *mut rd_kafka_queue_t),
) -> Option<Answer> {
    let ms = c_int::try_from(timeout.as_millis()).unwrap_or(c_int::MAX);
    // Safety: the client is alive, and all that is made here is destroyed here, but for the event, which the answer owns.
    unsafe {
        let queue = rd_kafka_queue_new(client);
        let options = rd_kafka_AdminOptions_new(client, op);
        rd_kafka_AdminOptions_set_request_timeout(options, ms, ptr::null_mut(), 0);
        let error = rd_kafka_AdminOptions_set_include_authorized_operations(options, 1);
        if !error.is_null() {
            rd_kafka_error_destroy(error);
        }
        send(options, queue);
        rd_kafka_AdminOptions_destroy(options);
        let event = rd_kafka_queue_poll(queue, ms);
        rd_kafka_queue_destroy(queue);
        let answer = (!event.is_null()).then(|| Answer(event))?;
        let error = rd_kafka_event_error(answer.0);
        (error == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR).then_some(answer)
    }
}

/// Safety: `error` is null or an error that lives.
unsafe fn allowed(error: *const rd_kafka_error_t, list: &[rd_kafka_AclOperation_t]) -> Allowed {
    use RDKafkaRespErr as Code;
    // Safety: librdkafka takes null for no error.
    match unsafe { rd_kafka_error_code(error) } {
        Code::RD_KAFKA_RESP_ERR_NO_ERROR => (!list.is_empty()).then(|| {
            let right = |operation: &rd_kafka_AclOperation_t| match operation {
                rd_kafka_AclOperation_t::RD_KAFKA_ACL_OPERATION_READ => Some(Right::Read),
                rd_kafka_AclOperation_t::RD_KAFKA_ACL_OPERATION_WRITE => Some(Right::Write),
                _ => None,
            };
            list.iter().filter_map(right).collect()
        }),
        Code::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED
        | Code::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED => Some(Vec::new()),
        _ => None,
    }
}

/// Safety: `start` is null or the first of `count` that live as long as the caller says.
unsafe fn slice_of<'a, T>(start: *const T, count: usize) -> &'a [T] {
    if start.is_null() {
        return &[];
    }
    // Safety: the caller's.
    unsafe { slice::from_raw_parts(start, count) }
}

struct CNames(Vec<CString>);

impl CNames {
    fn new(names: &[&str]) -> Option<Self> {
        let each = names.iter().map(|name| CString::new(*name).ok());
        each.collect::<Option<_>>().map(Self)
    }

    fn pointers(&self) -> Vec<*const c_char> {
        self.0.iter().map(|name| name.as_ptr()).collect()
    }
}
