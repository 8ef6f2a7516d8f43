//! `[topics]` and `[playbook]`: where things go, and what they say is to be done.

use std::collections::BTreeMap;

use holdfast_playbook::Preset;
use holdfast_producer::Stream;

use super::check::{name, name_or};
use super::reader::Reader;
use super::{App, Playbook, Topics};

pub(super) fn read(reader: &mut Reader<'_>, app: &App) -> Topics {
    let input = name(reader, "topics.input");
    let alerts = name(reader, "topics.alerts");
    let dead_letters = name_or(reader, "topics.dead_letters", format!("{input}.dlq"));
    if alerts == input {
        reader.fault("topics.alerts", format!("is `{input}`, the input topic"));
    }
    if dead_letters == input || dead_letters == alerts {
        reader.fault(
            "topics.dead_letters",
            format!("is `{dead_letters}`, which has another use"),
        );
    }
    let streams = streams(reader, [&input, &alerts, &dead_letters], app);
    let journal = name_or(reader, "topics.journal", format!("{}.journal", app.id));
    let taken = [&input, &alerts, &dead_letters];
    if taken
        .into_iter()
        .chain(streams.values())
        .any(|t| *t == journal)
    {
        reader.fault(
            "topics.journal",
            format!("is `{journal}`, which has another use"),
        );
    }
    Topics {
        input,
        alerts,
        dead_letters,
        streams,
        journal,
    }
}

/// Topics of streams; each has one of its own, or is off.
fn streams(reader: &mut Reader<'_>, taken: [&String; 3], app: &App) -> BTreeMap<Stream, String> {
    let mut streams = BTreeMap::new();
    for stream in Stream::ALL {
        let key = format!("topics.{stream}");
        let topic = match stream {
            // Nobody else's, so named after us; it goes with those that are made of it.
            Stream::Partials => name_or(reader, &key, format!("{}.partials", app.id)),
            _ => name(reader, &key),
        };
        if topic == "off" {
            let needed = streams.keys().any(|other| *other >= Stream::Kpis);
            if stream == Stream::Partials && needed {
                reader.fault(
                    &key,
                    "is off, and figures are added up from it; kpis.enabled = false does without",
                );
            }
            continue;
        }
        if taken.contains(&&topic) || streams.values().any(|other| *other == topic) {
            reader.fault(&key, format!("is `{topic}`, which has another use"));
        }
        streams.insert(stream, topic);
    }
    streams
}

/// A preset's name, `off`, or a file.
pub(super) fn playbook(reader: &mut Reader<'_>) -> Playbook {
    let text = reader.text("playbook.rules").unwrap_or_default();
    let presets = [Preset::Ecommerce, Preset::Saas];
    match presets.into_iter().find(|preset| preset.name() == text) {
        Some(preset) => Playbook::Preset(preset),
        None if text == "off" => Playbook::Off,
        None => Playbook::Path(reader.path("playbook.rules").unwrap_or_default()),
    }
}
