//! A rule table from its text: everything is read and judged, and every fault named, before there is a [`Playbook`].

use std::collections::BTreeSet;

use toml::Spanned;
use toml::de::{DeString, DeValue};

use crate::calendar::SpecialDay;
use crate::condition::{Asked, Condition, Subject};
use crate::fault::Faults;
use crate::part::{Notes, Part, number, unknown, wants};
use crate::playbook::Playbook;
use crate::priors::{Priors, Range};
use crate::rule::{Route, Rule};
use crate::situation::AT_RISK;
use crate::stage::Stage;

const MONEY: (f64, f64) = (0.0, f64::INFINITY);
const SHARE: (f64, f64) = (0.0, 1.0);

/// What a rule table may have at its top.
pub const TABLES: [&str; 7] = [
    "economics",
    "stage",
    "priors",
    "special_days",
    "application",
    "rule",
    "default",
];

/// What `[economics]` says.
#[derive(Debug, Clone, Copy)]
struct Economics {
    saved: Option<f64>,
    cost: f64,
    value: Option<f64>,
    network_weight: f64,
}

impl Playbook {
    /// Reads and checks a rule table.
    ///
    /// # Errors
    /// With every fault of the text at once: what does not parse, unknown names with the nearest right one, values of
    /// the wrong kind, a rule twice, no default.
    pub fn parse(text: &str) -> Result<Self, Faults> {
        let (table, mut notes) = Notes::parse(text);
        let top = Part {
            table: &table,
            place: String::new(),
            at: 0,
        };
        top.only(&TABLES, &mut notes);
        let economics = economics(&top, &mut notes);
        let (stage, budget) = stage(&top, &mut notes);
        let priors = priors(&top, &mut notes);
        let special_days = special_days(&top, &mut notes);
        let newest_app = application(&top, &mut notes);
        let rules = rules(&top, economics, &mut notes);
        let default = default(&top, economics, &mut notes);
        match default {
            Some(default) if notes.is_empty() => {
                let value = economics.value;
                let table = Self::new((rules, default), (stage, budget), value, priors);
                Ok(table.with(special_days, newest_app, economics.network_weight))
            }
            _ => Err(notes.into_faults("rule table")),
        }
    }
}

fn economics(top: &Part<'_>, notes: &mut Notes<'_>) -> Economics {
    let Some(part) = top.part("economics", notes) else {
        return Economics {
            saved: None,
            cost: 0.0,
            value: None,
            network_weight: 0.0,
        };
    };
    part.only(&["saved", "cost", "value", "network_weight"], notes);
    // One that is wrong is said once, and not to be missing in every rule.
    let wrong = part.value("saved").map(|_| 0.0);
    Economics {
        saved: part.number("saved", SHARE, notes).or(wrong),
        cost: part.number("cost", MONEY, notes).unwrap_or(0.0),
        value: part.number("value", MONEY, notes),
        network_weight: part.number("network_weight", MONEY, notes).unwrap_or(0.0),
    }
}

fn stage(top: &Part<'_>, notes: &mut Notes<'_>) -> (Option<Stage>, Option<u64>) {
    let Some(part) = top.part("stage", notes) else {
        return (None, None);
    };
    part.only(&["name", "daily_contact_budget"], notes);
    let stage = part.needed("name", notes).and_then(|name| {
        let stage = Stage::from_name(&name);
        if stage.is_none() {
            let message = unknown("stage", &name, Stage::ALL.map(Stage::name));
            part.fault("name", message, notes);
        }
        stage
    });
    let budget = part.number("daily_contact_budget", (0.0, 1e12), notes);
    if budget.is_some_and(|x| x != libm::floor(x)) {
        part.fault("daily_contact_budget", "wants a whole number", notes);
    }
    (stage, budget.map(|x| x as u64))
}

fn priors(top: &Part<'_>, notes: &mut Notes<'_>) -> Priors {
    let mut priors = Priors::default();
    let Some(part) = top.part("priors", notes) else {
        return priors;
    };
    for (name, value) in part.table {
        let key = name.get_ref();
        let range = range(value.get_ref());
        let message = match range {
            Ok(range) if priors.replace(key, range) => continue,
            Ok(_) => unknown("prior", key, Priors::default().iter().map(|p| p.name)),
            Err(message) => message,
        };
        notes.add(name.span().start, part.place_of(key), message);
    }
    priors
}

/// Days by the names that the table gives them.
fn special_days(top: &Part<'_>, notes: &mut Notes<'_>) -> Vec<SpecialDay> {
    let Some(part) = top.part("special_days", notes) else {
        return Vec::new();
    };
    let mut days = Vec::new();
    for (name, value) in part.table {
        let key = name.get_ref();
        let message = match value.get_ref() {
            DeValue::String(text) => match SpecialDay::parse(text.trim()) {
                Some(day) => {
                    days.push(day);
                    continue;
                }
                None => format!(
                    "`{text}` is no day; write it like \"11-11\", or \"2026-11-27\" for one year"
                ),
            },
            other => wants("a day as text", other),
        };
        notes.add(name.span().start, part.place_of(key), message);
    }
    days
}

/// The newest version of the application.
fn application(top: &Part<'_>, notes: &mut Notes<'_>) -> Option<String> {
    let part = top.part("application", notes)?;
    part.only(&["newest"], notes);
    let newest = part.needed("newest", notes)?;
    if !newest.contains(|c: char| c.is_ascii_digit()) {
        let message = format!("`{newest}` is no version; write it like \"4.2.0\"");
        part.fault("newest", message, notes);
    }
    Some(newest)
}

/// A number, or a list of the low and the high one.
fn range(value: &DeValue<'_>) -> Result<Range, String> {
    let refuse = || wants("a number, or a list of the low and the high one", value);
    let numbers: Option<Vec<f64>> = match value {
        DeValue::Array(items) => items.iter().map(|item| number(item.get_ref())).collect(),
        one => number(one).map(|x| vec![x, x]),
    };
    match numbers.as_deref() {
        Some([low, high]) if low <= high => Ok(Range {
            low: *low,
            high: *high,
        }),
        Some([low, high]) => Err(format!("{low} is above {high}")),
        _ => Err(refuse()),
    }
}

fn rules(top: &Part<'_>, economics: Economics, notes: &mut Notes<'_>) -> Vec<Rule> {
    let mut names = BTreeSet::new();
    let mut rules = Vec::new();
    for mut part in top.parts("rule", notes) {
        let name = part.needed("name", notes);
        if let Some(name) = &name {
            part.place = format!("rule `{name}`");
            if name == "default" {
                part.fault("name", "is the last resort's, in [default]", notes);
            } else if !names.insert(name.clone()) {
                part.fault("name", "is there twice", notes);
            }
        }
        let when = conditions(&part, notes);
        let mut known = vec!["name", "when"];
        known.extend(ANSWERS);
        part.only(&known, notes);
        if let Some(rule) = rule(&part, (name.unwrap_or_default(), when), economics, notes) {
            rules.push(rule);
        }
    }
    rules
}

fn default(top: &Part<'_>, economics: Economics, notes: &mut Notes<'_>) -> Option<Rule> {
    if top.value("default").is_none() {
        let message = "is missing: say in [default] what is done where no rule is for the customer";
        top.fault("default", message, notes);
        return None;
    }
    let mut part = top.part("default", notes)?;
    part.place = "[default]".to_owned();
    part.only(&ANSWERS, notes);
    let when = vec![at_risk()];
    rule(&part, ("default".to_owned(), when), economics, notes)
}

/// Keys that say what is to be done.
const ANSWERS: [&str; 8] = [
    "action", "offer", "text", "route", "owner", "expires", "cost", "saved",
];

fn rule(
    part: &Part<'_>,
    (name, when): (String, Vec<Condition>),
    economics: Economics,
    notes: &mut Notes<'_>,
) -> Option<Rule> {
    let action = part.needed("action", notes);
    if let Some(action) = &action
        && !is_word(action)
    {
        let message = format!("`{action}` is not lower-case words joined by _");
        part.fault("action", message, notes);
    }
    let route = part.needed("route", notes).and_then(|name| {
        let route = Route::read(&name);
        if let Err(message) = &route {
            part.fault("route", message.clone(), notes);
        }
        route.ok()
    });
    let owner = part.needed("owner", notes);
    let cost = part.number("cost", MONEY, notes);
    let own = part.number("saved", SHARE, notes);
    let saved = own.or(economics.saved);
    if saved.is_none() && part.value("saved").is_none() {
        let message =
            "is missing: say here or in [economics] which share of those contacted is kept";
        part.fault("saved", message, notes);
    }
    let (offer, text) = (part.text("offer", notes), part.text("text", notes));
    let expires_ms = part.span_ms("expires", notes);
    Some(Rule {
        name,
        when,
        action: action?,
        offer,
        text,
        route: route?,
        owner: owner?,
        expires_ms,
        cost: cost.unwrap_or(economics.cost),
        saved: saved?,
    })
}

/// Those of `when`, and that somebody is at risk where no kind is named.
fn conditions(part: &Part<'_>, notes: &mut Notes<'_>) -> Vec<Condition> {
    let Some(when) = part.part("when", notes) else {
        if part.value("when").is_none() {
            part.fault(
                "when",
                "is missing: without conditions it is the [default]",
                notes,
            );
        }
        return Vec::new();
    };
    if when.table.is_empty() {
        part.fault(
            "when",
            "is empty: without conditions it is the [default]",
            notes,
        );
    }
    let mut conditions = Vec::new();
    let fault = |name: &Spanned<DeString<'_>>, message, notes: &mut Notes<'_>| {
        let place = format!("{}.{}", part.place_of("when"), name.get_ref());
        notes.add(name.span().start, place, message);
    };
    for (name, value) in when.table {
        match Condition::read(name.get_ref(), value.get_ref()) {
            Ok(condition) => conditions.push(condition),
            Err(message) => fault(name, message, notes),
        }
    }
    if conditions.iter().any(Condition::is_for_notices_only) {
        let subject = |name: &str| Subject::named(name).is_ok_and(Subject::is_scored);
        for (name, _) in when
            .table
            .iter()
            .filter(|(name, _)| subject(name.get_ref()))
        {
            let message = "never holds: of this kind no score, no feature and no reason is known";
            fault(name, message.to_owned(), notes);
        }
    }
    if !conditions.iter().any(|c| c.subject == Subject::Kind) {
        conditions.push(at_risk());
    }
    conditions
}

fn at_risk() -> Condition {
    Condition {
        subject: Subject::Kind,
        asked: Asked::OneOf(AT_RISK.map(str::to_owned).to_vec()),
    }
}

fn is_word(text: &str) -> bool {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(inside)
}
