//! `holdfast schema`: the JSON schemas, as they are in `schemas/`.

use anyhow::bail;

use crate::cli::terminal::data;

/// Name, what it is, text.
pub const SCHEMAS: &[(&str, &str, &str)] = &[
    (
        "event",
        "an event, as it comes in",
        include_str!("../../../../schemas/event.schema.json"),
    ),
    (
        "alert",
        "an alert, as it goes out",
        include_str!("../../../../schemas/alert.schema.json"),
    ),
    (
        "decision",
        "a decision on a customer of either arm",
        include_str!("../../../../schemas/decision.schema.json"),
    ),
    (
        "segment",
        "a change of segment",
        include_str!("../../../../schemas/segment.schema.json"),
    ),
    (
        "lifecycle",
        "who lapsed, came back, left or is due something",
        include_str!("../../../../schemas/lifecycle.schema.json"),
    ),
    (
        "cart",
        "a cart that was left or came back",
        include_str!("../../../../schemas/cart.schema.json"),
    ),
    (
        "kpi",
        "figures of all customers in a period",
        include_str!("../../../../schemas/kpi.schema.json"),
    ),
    (
        "worklist",
        "whom to write to on a day",
        include_str!("../../../../schemas/worklist.schema.json"),
    ),
    (
        "dead-letter",
        "a rejected record in dead-letters.jsonl",
        include_str!("../../../../schemas/dead-letter.schema.json"),
    ),
    (
        "journal",
        "a pack of the journal, which a restart reads",
        include_str!("../../../../schemas/journal.schema.json"),
    ),
    (
        "model",
        "the model file",
        include_str!("../../../../schemas/model.schema.json"),
    ),
    (
        "report",
        "the retention figures of holdfast report --json",
        include_str!("../../../../schemas/report.schema.json"),
    ),
];

pub(super) fn schema(name: Option<&str>) -> anyhow::Result<()> {
    let Some(name) = name else {
        let width = SCHEMAS
            .iter()
            .map(|(name, ..)| name.len())
            .max()
            .unwrap_or(0);
        let lines = SCHEMAS
            .iter()
            .map(|(name, about, _)| format!("{name:<width$}  {about}\n"));
        return Ok(data(&lines.collect::<String>())?);
    };
    let Some((.., text)) = SCHEMAS.iter().find(|(known, ..)| *known == name) else {
        let names: Vec<&str> = SCHEMAS.iter().map(|(name, ..)| *name).collect();
        bail!(
            "there is no schema `{name}`; there are {}",
            names.join(", ")
        );
    };
    Ok(data(text)?)
}
