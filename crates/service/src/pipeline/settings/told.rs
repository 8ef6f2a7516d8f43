//! What is told beside the score: terms of the life cycle, and the rule table.

use std::sync::Arc;

use holdfast_features as features;
use holdfast_lifecycle::part::contact::HourOfWeek;
use holdfast_lifecycle::{self as lifecycle, part::tastes::product_hash};
use holdfast_model::{LabelKind, Model};
use holdfast_playbook::{Catalogue, Playbook};
use holdfast_producer::Stream;
use holdfast_reports::Abandons;
use holdfast_reports::live::BookTerms;
use jiff::tz::TimeZone;

use crate::config;
use crate::records;

/// The configuration's terms with what the model brings: horizon, label, cut points.
pub(super) fn lifecycle_settings(
    config: &config::Settings,
    model: &Model,
    store: features::Settings,
    sign_ups_are_told: bool,
) -> Option<Arc<lifecycle::Settings>> {
    let wanted = &config.lifecycle;
    let label = model.label();
    wanted.enabled.then(|| {
        Arc::new(lifecycle::Settings {
            minor_exponent: store.minor_exponent,
            cuts: wanted.cuts.over(cuts_of(model)),
            cart_after_ms: match store.cart_abandon {
                features::CartAbandon::Derived { after_ms } => after_ms,
                features::CartAbandon::Given => wanted.settings.cart_after_ms,
            },
            carts_given: store.cart_abandon == features::CartAbandon::Given,
            lapse_ms: label.horizon_ms(),
            any_act_counts: label.kind != LabelKind::Purchase,
            sign_ups_are_told,
            goods_are_kept: config.products.is_some(),
            usual_hour: model
                .usual_hour()
                .map_or(wanted.settings.usual_hour, |usual| HourOfWeek {
                    weekday: usual.weekday,
                    hour: usual.hour,
                }),
            ..wanted.settings.clone()
        })
    })
}

/// What figures of all customers are kept under.
#[derive(Debug, Clone)]
pub(in crate::pipeline) struct Book {
    pub(in crate::pipeline) terms: BookTerms,
    pub(in crate::pipeline) zone: TimeZone,
    /// Whether a purchase makes a customer for the model's horizon, and not for a time that the configuration gives.
    pub(in crate::pipeline) by_horizon: bool,
    /// How many a day's list may hold.
    pub(in crate::pipeline) capacity: Option<u64>,
    /// Whether anybody reads that list.
    pub(in crate::pipeline) lists: bool,
}

/// Horizon and carts come from the model.
pub(super) fn book_of(
    config: &config::Settings,
    model: &Model,
    store: features::Settings,
    capacity: Option<u64>,
) -> Option<Book> {
    let wanted = config.lifecycle.kpis.as_ref()?;
    let terms = BookTerms {
        periods: wanted.periods.clone(),
        window_ms: wanted.alive_ms.unwrap_or(model.label().horizon_ms()),
        abandons: match store.cart_abandon {
            features::CartAbandon::Derived { after_ms } => Abandons::Derived { after_ms },
            features::CartAbandon::Given => Abandons::Given,
        },
    };
    Some(Book {
        terms,
        zone: config.lifecycle.settings.time_zone.clone(),
        by_horizon: wanted.alive_ms.is_none(),
        capacity,
        lists: config.topics.streams.contains_key(&Stream::Worklist),
    })
}

/// The rule table; every fault of it is one of the configuration.
pub(crate) fn playbook(
    rules: &config::Playbook,
    faults: &mut Vec<String>,
) -> Option<(String, Arc<Playbook>)> {
    let (text, place) = match rules {
        config::Playbook::Off => return None,
        config::Playbook::Preset(preset) => (preset.rules().to_owned(), preset.name().to_owned()),
        config::Playbook::Path(path) => match std::fs::read_to_string(path) {
            Ok(text) => (text, path.display().to_string()),
            Err(fault) => {
                faults.push(format!(
                    "playbook.rules: cannot read {}: {fault}; the tables that ship are ecommerce and saas",
                    path.display()
                ));
                return None;
            }
        },
    };
    let found = Playbook::parse(&text)
        .map_err(|fault| faults.push(format!("playbook.rules: {place}: {fault}")));
    let found = Arc::new(found.ok()?);
    Some((text, found))
}

/// What is sold; every fault of it is one of the configuration.
pub(super) fn catalogue(
    config: &config::Settings,
    faults: &mut Vec<String>,
) -> Option<(String, Arc<Catalogue>)> {
    let path = config.products.as_ref()?;
    let place = path.display();
    let mut text = String::new();
    let read = records::each(path, |record| {
        text.push_str(&String::from_utf8_lossy(record.value.unwrap_or_default()));
        text.push('\n');
        Ok(())
    });
    read.map_err(|fault| faults.push(format!("playbook.products: {fault:#}")))
        .ok()?;
    let found = Catalogue::parse(&text, product_hash)
        .map_err(|fault| faults.push(format!("{place}: {fault}")));
    let found = Arc::new(found.ok()?);
    Some((text, found))
}

/// Cut points of segments that a model brings along.
pub(crate) fn cuts_of(model: &Model) -> Option<lifecycle::Cuts> {
    let learned = model.segments()?;
    Some(lifecycle::Cuts {
        recency_days: learned.recency_days,
        frequency: learned.frequency.map(f64::from),
        monetary: learned.monetary,
        top_spend: learned.top_spend,
    })
}
