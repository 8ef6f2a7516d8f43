//! Cases of a rule table: situations with the action that is expected of them, from a TOML text.
//!
//! ```toml
//! [[case]]
//! name = "an open ticket goes to service"
//! expect = "service_recovery"          # the action; "none" where nothing is done
//! rule = "open_ticket"                 # optional: by this rule
//! given = { p = 0.8, value = 150, theme = "support", open_tickets = 2 }
//! ```

use std::collections::BTreeSet;

use holdfast_features::FeatureId;
use toml::de::DeValue;

use crate::condition::Subject;
use crate::facts::{Fact, FactKind, FactValue, Facts};
use crate::fault::Faults;
use crate::part::{Notes, Part, number, unknown, wants};
use crate::playbook::{Choice, Playbook};
use crate::situation::Situation;

/// One situation with what is expected of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// What it is about.
    pub name: String,
    /// The action, "none" for nothing.
    pub action: String,
    /// By which rule, where that is said.
    pub rule: Option<String>,
    given: Given,
}

/// The owner of what a [`Situation`] borrows.
#[derive(Debug, Clone, PartialEq, Default)]
struct Given {
    kind: Option<String>,
    probability: Option<f64>,
    value: Option<f64>,
    segment: Option<String>,
    value_tier: Option<String>,
    theme: Option<String>,
    reasons: Vec<String>,
    features: Vec<(FeatureId, f64)>,
    facts: Facts,
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict<'c> {
    /// Which case.
    pub case: &'c Case,
    /// What the table says.
    pub choice: Choice,
    /// Whether it is what was expected.
    pub passed: bool,
}

impl Case {
    /// What the table says of it.
    #[must_use]
    pub fn try_on(&self, playbook: &Playbook) -> Verdict<'_> {
        let reasons: Vec<&str> = self.given.reasons.iter().map(String::as_str).collect();
        let choice = playbook.choose(&self.given.situation(&reasons));
        let by = self.rule.is_none() || self.rule == choice.rule;
        Verdict {
            passed: by && choice.action == self.action,
            case: self,
            choice,
        }
    }
}

impl Given {
    fn situation<'a>(&'a self, reasons: &'a [&'a str]) -> Situation<'a> {
        Situation {
            kind: self.kind.as_deref().unwrap_or("opened"),
            as_of: 0,
            probability: self.probability,
            value: self.value,
            segment: self.segment.as_deref(),
            value_tier: self.value_tier.as_deref(),
            theme: self.theme.as_deref(),
            reasons,
            features: &self.features,
            facts: &self.facts,
        }
    }

    fn set(&mut self, name: &str, value: &DeValue<'_>) -> Result<(), String> {
        let subject = Subject::named(name)?;
        let as_number = || number(value).ok_or_else(|| wants("a number", value));
        let as_word = || match subject.words(value)?.as_slice() {
            [word] => Ok(word.clone()),
            _ => Err(wants("one text", value)),
        };
        match subject {
            Subject::Feature(id) => self.features.push((id, as_number()?)),
            Subject::Fact(fact) => self.know(fact, value)?,
            Subject::Probability => {
                let p = as_number()?;
                if !(0.0..=1.0).contains(&p) {
                    return Err(format!("{p} is not between 0 and 1"));
                }
                self.probability = Some(p);
            }
            Subject::Value => self.value = Some(as_number()?),
            Subject::Kind => self.kind = Some(as_word()?),
            Subject::Segment => self.segment = Some(as_word()?),
            Subject::ValueTier => self.value_tier = Some(as_word()?),
            Subject::Theme => self.theme = Some(as_word()?),
            Subject::Reasons => self.reasons = subject.words(value)?,
            Subject::Stage => return Err("is the table's, in [stage]".to_owned()),
        }
        Ok(())
    }

    fn know(&mut self, fact: Fact, value: &DeValue<'_>) -> Result<(), String> {
        let known = match (fact.kind(), value) {
            (FactKind::Flag, DeValue::Boolean(is)) => FactValue::Flag(*is),
            (FactKind::Text, DeValue::String(text)) => FactValue::Text(text),
            (FactKind::Number, _) => match number(value) {
                Some(x) => FactValue::Number(x),
                None => return Err(wants("a number", value)),
            },
            (FactKind::Flag, _) => return Err(wants("true or false", value)),
            (FactKind::Text, _) => return Err(wants("a text", value)),
        };
        self.facts.set(fact, known);
        Ok(())
    }
}

/// Reads cases for a table; the main reason counts among the reasons.
///
/// # Errors
/// With every fault of the text at once.
pub fn cases(text: &str, playbook: &Playbook) -> Result<Vec<Case>, Faults> {
    let (table, mut notes) = Notes::parse(text);
    let top = Part {
        table: &table,
        place: String::new(),
        at: 0,
    };
    top.only(&["case"], &mut notes);
    let mut cases = Vec::new();
    let parts = top.parts("case", &mut notes);
    if parts.is_empty() {
        top.fault("case", "is missing: there is nothing to test", &mut notes);
    }
    for part in parts {
        cases.extend(case(part, playbook, &mut notes));
    }
    if notes.is_empty() {
        Ok(cases)
    } else {
        Err(notes.into_faults("cases"))
    }
}

fn case(mut part: Part<'_>, playbook: &Playbook, notes: &mut Notes<'_>) -> Option<Case> {
    let name = part.needed("name", notes);
    if let Some(name) = &name {
        part.place = format!("case `{name}`");
    }
    part.only(&["name", "expect", "rule", "given"], notes);
    let action = part.needed("expect", notes);
    let actions = actions(playbook);
    if let Some(action) = action.as_deref().filter(|a| !actions.contains(a)) {
        part.fault("expect", unknown("action", action, actions), notes);
    }
    let rule = part.text("rule", notes);
    let rules = || rule_names(playbook);
    if let Some(rule) = rule
        .as_deref()
        .filter(|r| !rules().any(|known| known == *r))
    {
        part.fault("rule", unknown("rule", rule, rules()), notes);
    }
    let mut given = Given::default();
    let table = part.part("given", notes);
    if part.value("given").is_none() {
        part.fault("given", "is missing", notes);
    }
    for (key, value) in table.iter().flat_map(|t| t.table.iter()) {
        if let Err(message) = given.set(key.get_ref(), value.get_ref()) {
            let place = format!("{}.{}", part.place_of("given"), key.get_ref());
            notes.add(key.span().start, place, message);
        }
    }
    if let Some(theme) = &given.theme
        && !given.reasons.contains(theme)
    {
        given.reasons.insert(0, theme.clone());
    }
    Some(Case {
        name: name?,
        action: action?,
        rule,
        given,
    })
}

fn actions(playbook: &Playbook) -> BTreeSet<&str> {
    let all = playbook.rules().iter().chain([playbook.default_rule()]);
    all.map(|rule| rule.action.as_str())
        .chain([crate::rule::NONE])
        .collect()
}

fn rule_names(playbook: &Playbook) -> impl Iterator<Item = &str> {
    let all = playbook.rules().iter().chain([playbook.default_rule()]);
    all.map(|rule| rule.name.as_str())
}

/// Rules that no verdict came by, in their order, the default among them.
#[must_use]
pub fn unreached<'p>(playbook: &'p Playbook, verdicts: &[Verdict<'_>]) -> Vec<&'p str> {
    let reached: BTreeSet<&str> = verdicts
        .iter()
        .filter_map(|verdict| verdict.choice.rule.as_deref())
        .collect();
    rule_names(playbook)
        .filter(|name| !reached.contains(name))
        .collect()
}
