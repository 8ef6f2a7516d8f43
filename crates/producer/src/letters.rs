//! Dead letters as they travel: headers on Kafka, a JSON object in files.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

use crate::DeadLetter;

/// Where a record failed; there is one such place so far.
pub const STAGE: &str = "decode";
/// How often a record was sent back to its input, in decimal; absent means never.
pub const ATTEMPT: &str = "holdfast.dlq.attempt";
/// Headers of ours begin so; they are taken off when a record goes back to its input.
pub const ERROR_PREFIXES: [&str; 2] = ["__streams.errors.", "holdfast.error."];

/// What the error headers say beside the letter itself.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The input topic.
    pub topic: &'a str,
    /// `[app] id`.
    pub app: &'a str,
    pub version: &'a str,
}

/// The headers added behind the record's own, all of them UTF-8 texts. The first five have the names that Kafka
/// Streams gives its dead letters (KIP-1034), so tools for those read these.
#[must_use]
pub fn error_headers(letter: &DeadLetter, origin: Origin<'_>) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        (
            "__streams.errors.exception",
            letter.reason.name().to_owned(),
        ),
        ("__streams.errors.message", letter.detail.clone()),
        ("__streams.errors.topic", origin.topic.to_owned()),
        ("__streams.errors.partition", letter.partition.to_string()),
        ("__streams.errors.offset", letter.offset.to_string()),
        ("holdfast.error.reason", letter.reason.name().to_owned()),
        ("holdfast.error.stage", STAGE.to_owned()),
        ("holdfast.error.app", origin.app.to_owned()),
        ("holdfast.error.version", origin.version.to_owned()),
    ];
    if let Some(hash) = &letter.value_sha256 {
        headers.push(("holdfast.error.value_sha256", hash.clone()));
    }
    headers
}

/// One line of `dead-letters.jsonl`. Bytes that are not UTF-8 stand under `.._base64`.
#[must_use]
pub fn to_json(letter: &DeadLetter) -> Value {
    let mut out = Map::new();
    out.insert("partition".into(), json!(letter.partition));
    out.insert("offset".into(), json!(letter.offset));
    out.insert("line".into(), json!(letter.line));
    bytes(&mut out, "key", letter.key.as_deref());
    bytes(&mut out, "value", letter.value.as_deref());
    out.insert("timestamp".into(), json!(letter.timestamp));
    out.insert("reason".into(), json!(letter.reason.name()));
    out.insert("detail".into(), json!(letter.detail));
    if let Some(hash) = &letter.value_sha256 {
        out.insert("value_sha256".into(), json!(hash));
    }
    if !letter.headers.is_empty() {
        let headers = letter.headers.iter().map(|(name, value)| {
            let mut header = Map::new();
            header.insert("name".into(), json!(name));
            bytes(&mut header, "value", value.as_deref());
            Value::Object(header)
        });
        out.insert("headers".into(), headers.collect());
    }
    Value::Object(out)
}

fn bytes(out: &mut Map<String, Value>, name: &str, bytes: Option<&[u8]>) {
    match bytes.map(|b| (std::str::from_utf8(b), b)) {
        None => out.insert(name.into(), Value::Null),
        Some((Ok(text), _)) => out.insert(name.into(), json!(text)),
        Some((Err(_), b)) => out.insert(format!("{name}_base64"), json!(BASE64.encode(b))),
    };
}

/// The bytes that [`to_json`] wrote under `name`.
#[must_use]
pub fn bytes_of(object: &Value, name: &str) -> Option<Vec<u8>> {
    if let Some(text) = object.get(name).and_then(Value::as_str) {
        return Some(text.as_bytes().to_vec());
    }
    let packed = object
        .get(format!("{name}_base64"))
        .and_then(Value::as_str)?;
    BASE64.decode(packed).ok()
}

#[cfg(test)]
mod tests {
    use holdfast_events::RejectReason;

    use super::*;

    fn letter(value: &[u8]) -> DeadLetter {
        DeadLetter {
            partition: 1,
            offset: 7,
            line: Some(8),
            key: Some(b"c1".to_vec()),
            value: Some(value.to_vec()),
            value_sha256: None,
            headers: Vec::new(),
            timestamp: None,
            reason: RejectReason::Malformed,
            detail: "no object".into(),
        }
    }

    #[test]
    fn text_is_written_as_text_and_other_bytes_as_base64() {
        let text = to_json(&letter(b"{]")).to_string();
        let want =
            r#"{"partition":1,"offset":7,"line":8,"key":"c1","value":"{]","timestamp":null,"#;
        assert!(text.starts_with(want), "{text}");
        assert!(
            text.ends_with(r#""reason":"malformed","detail":"no object"}"#),
            "{text}"
        );
        let binary = to_json(&letter(&[0xff, 0]));
        assert_eq!(binary["value_base64"], "/wA=");
        assert!(binary.get("value").is_none());
        assert_eq!(bytes_of(&binary, "value"), Some(vec![0xff, 0]));
        assert_eq!(
            bytes_of(&to_json(&letter(b"x")), "value"),
            Some(b"x".to_vec())
        );
    }

    #[test]
    fn headers_name_place_and_reason() {
        let origin = Origin {
            topic: "events",
            app: "shop",
            version: "0.1.0",
        };
        let headers = error_headers(&letter(b""), origin);
        let text = |name| headers.iter().find(|h| h.0 == name).map(|h| h.1.as_str());
        assert_eq!(text("__streams.errors.offset"), Some("7"));
        assert_eq!(text("__streams.errors.message"), Some("no object"));
        assert_eq!(text("holdfast.error.reason"), Some("malformed"));
        assert!(
            headers
                .iter()
                .all(|(name, _)| ERROR_PREFIXES.iter().any(|p| name.starts_with(p)))
        );
    }
}
