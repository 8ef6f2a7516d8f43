//! A made-up input for tests of the pipeline: sound and broken lines, disorder, duplicates, erasures.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test file uses a part"
)]

use std::collections::BTreeSet;
use std::path::Path;

use holdfast_model::Model;
use holdfast_service::config::Settings;

/// 2026-01-01.
pub const T0: i64 = 1_767_225_600_000;
pub const HOUR: i64 = 3_600_000;
pub const DAY: i64 = 24 * HOUR;

pub fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// A model that leads to every kind of alert, by events, timers and silence.
pub fn model() -> Model {
    Model::from_json(&std::fs::read(fixture("every-kind.json")).unwrap()).unwrap()
}

/// The defaults, on event time, but that erasures block for a day only: there are many of them in [`lines`].
pub fn config() -> Settings {
    let mut config = Settings::defaults();
    config.erasure.block_ms = DAY;
    config
}

pub fn event(customer: &str, kind: &str, ts: i64, id: &str) -> String {
    let money = if matches!(kind, "purchase" | "refund") {
        r#","amount":19.9,"currency":"EUR""#
    } else {
        ""
    };
    format!(r#"{{"event_id":"{id}","customer_id":"{customer}","type":"{kind}","ts":{ts}{money}}}"#)
}

/// A weekly contract begins or goes on.
pub fn contract(customer: &str, kind: &str, ts: i64, id: &str) -> String {
    format!(
        r#"{{"event_id":"{id}","customer_id":"{customer}","type":"subscription_{kind}","ts":{ts},"subscription_id":"s-{customer}","period":"week"}}"#
    )
}

/// A generator without a crate: splitmix64.
pub struct Draw(pub u64);

impl Draw {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// File lines over `days` days, in order of time but for up to half an hour, which is less than the grace.
pub fn lines(seed: u64, events: u64, customers: u64, days: i64) -> Vec<String> {
    let mut draw = Draw(seed);
    let kinds = [
        "page_view",
        "page_view",
        "page_view",
        "cart_add",
        "cart_add",
        "purchase",
        "support_contact",
        "survey",
    ];
    let mut lines = Vec::new();
    // Nothing comes nine days late for them: by then it depends on the clock whether the erasure still blocks it.
    let mut erased = BTreeSet::new();
    for n in 0..events {
        let customer = format!("c{}", draw.below(customers));
        let kind = kinds[draw.below(kinds.len() as u64) as usize];
        let back = draw.below(HOUR as u64 / 2) as i64;
        let ts = T0 + HOUR + days * DAY * n as i64 / events as i64 - back;
        let json = event(&customer, kind, ts, &format!("e{n}"));
        let line = match draw.below(40) {
            // Keys may be left out: the customer is the key.
            0..=9 => json,
            10 => {
                erased.insert(customer.clone());
                format!("{customer}\t")
            }
            11 => format!("{customer}\t{}", &json[..json.len() - 1]),
            12 => {
                lines.push(format!("{customer}\t{json}"));
                format!("{customer}\t{json}")
            }
            13 => format!(
                "{customer}\t{}",
                event(&customer, "account_closed", ts, &format!("x{n}"))
            ),
            14 => format!("somebody-else\t{json}"),
            15 => format!(
                "{customer}\t{}",
                event(&customer, "cart_abandon", ts, &format!("a{n}"))
            ),
            16 if !erased.contains(&customer) => format!(
                "{customer}\t{}",
                event(&customer, "page_view", ts - 9 * DAY, &format!("l{n}"))
            ),
            17 => String::new(),
            18 => {
                erased.insert(customer.clone());
                event(&customer, "privacy_delete", ts, &format!("p{n}"))
            }
            19..=21 => {
                let kind = ["start", "start", "renew"][draw.below(3) as usize];
                contract(&customer, kind, ts, &format!("s{n}"))
            }
            _ => format!("{customer}\t{json}"),
        };
        lines.push(line);
    }
    lines
}
