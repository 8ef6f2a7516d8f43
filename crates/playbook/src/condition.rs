//! One condition of a rule: what it looks at and what it asks of it.
//!
//! | looked at | asked as |
//! | --- | --- |
//! | a feature of the registry, a fact that is a number, `p`, `value` | `">= 3"`, `"> 3"`, `"<= 3"`, `"< 3"`, `"= 3"`, `3`, `"3..7"` |
//! | a fact that is so or not | `true`, `false` |
//! | `kind`, `segment`, `value_tier`, `theme`, `stage`, a fact that is a word | one of a list, or the only one |
//! | a fact that is a word | `true`: whatever it is, if it is known |
//! | `reasons` | themes or features of which at least one raises the risk |

use holdfast_features::{FeatureId, feature, registry};
use toml::de::DeValue;

use crate::facts::{Fact, FactKind, FactValue};
use crate::interval::Interval;
use crate::part::{number, unknown, wants, words};
use crate::situation::{KINDS, SCORED, SEGMENTS, Situation, THEMES, VALUE_TIERS};
use crate::stage::Stage;

/// What a condition looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Feature(FeatureId),
    Fact(Fact),
    Probability,
    Value,
    Kind,
    Segment,
    ValueTier,
    Theme,
    Reasons,
    Stage,
}

/// The subjects that are neither features nor facts, by their names.
const OWN: [(&str, Subject); 8] = [
    ("p", Subject::Probability),
    ("value", Subject::Value),
    ("kind", Subject::Kind),
    ("segment", Subject::Segment),
    ("value_tier", Subject::ValueTier),
    ("theme", Subject::Theme),
    ("reasons", Subject::Reasons),
    ("stage", Subject::Stage),
];

impl Subject {
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let own = OWN.iter().find(|(own, _)| *own == name);
        own.map(|(_, subject)| *subject)
            .or_else(|| Fact::from_name(name).map(Self::Fact))
            .or_else(|| feature(name).map(Self::Feature))
            .ok_or_else(|| unknown("condition", name, names()))
    }

    /// Whether it comes with a score, which notices do not have.
    pub(crate) fn is_scored(self) -> bool {
        match self {
            Self::Feature(_) | Self::Probability | Self::Theme | Self::Reasons => true,
            Self::Fact(fact) => fact == Fact::LowUse,
            _ => false,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Feature(id) => id.describe().name,
            Self::Fact(fact) => fact.name(),
            own => OWN.iter().find(|(_, s)| *s == own).map_or("", |(n, _)| n),
        }
    }

    /// The words that it can be; none where any may be.
    fn closed(self) -> Option<Vec<&'static str>> {
        Some(match self {
            Self::Kind => KINDS.to_vec(),
            Self::Segment => SEGMENTS.to_vec(),
            Self::ValueTier => VALUE_TIERS.to_vec(),
            Self::Theme => THEMES.to_vec(),
            Self::Stage => Stage::ALL.map(Stage::name).to_vec(),
            Self::Reasons => {
                let features = registry().iter().map(|feature| feature.name);
                THEMES.into_iter().chain(features).collect()
            }
            _ => return None,
        })
    }

    fn is_number(self) -> bool {
        match self {
            Self::Feature(_) | Self::Probability | Self::Value => true,
            Self::Fact(fact) => fact.kind() == FactKind::Number,
            _ => false,
        }
    }

    /// The words of `value`, each one that this subject can be.
    pub(crate) fn words(self, value: &DeValue<'_>) -> Result<Vec<String>, String> {
        let words = words(value).ok_or_else(|| wants("a text or a list of texts", value))?;
        if let Some(closed) = self.closed() {
            let strange = words.iter().find(|word| !closed.contains(word));
            if let Some(word) = strange {
                return Err(unknown(self.name(), word, closed));
            }
        }
        Ok(words.into_iter().map(str::to_owned).collect())
    }
}

/// Every name that a condition can have.
fn names() -> impl Iterator<Item = &'static str> {
    let own = OWN.iter().map(|(name, _)| *name);
    let facts = Fact::ALL.iter().map(|fact| fact.name());
    own.chain(facts)
        .chain(registry().iter().map(|feature| feature.name))
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Asked {
    Within(Interval),
    Is(bool),
    OneOf(Vec<String>),
    /// Any word, if there is one.
    Known,
}

/// One condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    pub(crate) subject: Subject,
    pub(crate) asked: Asked,
}

impl Condition {
    /// The kinds that it asks for; none of a condition on something else.
    pub(crate) fn kinds(&self) -> Option<&[String]> {
        match &self.asked {
            Asked::OneOf(kinds) if self.subject == Subject::Kind => Some(kinds),
            _ => None,
        }
    }

    /// Whether it leaves kinds only that come without a score.
    pub(crate) fn is_for_notices_only(&self) -> bool {
        let is_notice = |kind: &String| !SCORED.contains(&kind.as_str());
        self.kinds()
            .is_some_and(|kinds| kinds.iter().all(is_notice))
    }

    pub(crate) fn read(name: &str, value: &DeValue<'_>) -> Result<Self, String> {
        let subject = Subject::named(name)?;
        let asked = if subject.is_number() {
            Asked::Within(interval(value)?)
        } else if matches!(subject, Subject::Fact(fact) if fact.kind() == FactKind::Flag) {
            let DeValue::Boolean(is) = value else {
                return Err(wants("true or false", value));
            };
            Asked::Is(*is)
        } else if matches!((subject, value), (Subject::Fact(_), DeValue::Boolean(true))) {
            Asked::Known
        } else {
            Asked::OneOf(subject.words(value)?)
        };
        Ok(Self { subject, asked })
    }

    /// Whether it holds; false where its subject is not known.
    pub(crate) fn holds(&self, situation: &Situation<'_>, stage: Option<Stage>) -> bool {
        match &self.asked {
            Asked::Within(interval) => self.number(situation).is_some_and(|x| interval.holds(x)),
            Asked::Is(is) => self.flag(situation) == Some(*is),
            Asked::Known => self.word(situation, stage).is_some(),
            Asked::OneOf(words) if self.subject == Subject::Reasons => {
                let raises = |word: &String| situation.reasons.contains(&word.as_str());
                words.iter().any(raises)
            }
            Asked::OneOf(words) => {
                let word = self.word(situation, stage);
                word.is_some_and(|word| words.iter().any(|known| known == word))
            }
        }
    }

    fn number(&self, situation: &Situation<'_>) -> Option<f64> {
        match self.subject {
            Subject::Feature(id) => situation.feature(id),
            Subject::Probability => situation.probability,
            Subject::Value => situation.value,
            Subject::Fact(fact) => match situation.facts.get(fact) {
                Some(FactValue::Number(x)) => Some(x),
                _ => None,
            },
            _ => None,
        }
    }

    fn flag(&self, situation: &Situation<'_>) -> Option<bool> {
        let Subject::Fact(fact) = self.subject else {
            return None;
        };
        match situation.facts.get(fact) {
            Some(FactValue::Flag(is)) => Some(is),
            _ => None,
        }
    }

    fn word<'a>(&self, situation: &Situation<'a>, stage: Option<Stage>) -> Option<&'a str> {
        match self.subject {
            Subject::Kind => Some(situation.kind),
            Subject::Segment => situation.segment,
            Subject::ValueTier => situation.value_tier,
            Subject::Theme => situation.theme,
            Subject::Stage => stage.map(Stage::name),
            Subject::Fact(fact) => match situation.facts.get(fact) {
                Some(FactValue::Text(text)) => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether this one holds wherever `other` does.
    pub(crate) fn follows_from(&self, other: &Self) -> bool {
        self.subject == other.subject
            && match (&self.asked, &other.asked) {
                (Asked::Within(own), Asked::Within(other)) => own.covers(other),
                (Asked::Is(own), Asked::Is(other)) => own == other,
                (Asked::Known, Asked::Known | Asked::OneOf(_)) => true,
                (Asked::OneOf(own), Asked::OneOf(other)) => {
                    other.iter().all(|word| own.contains(word))
                }
                _ => false,
            }
    }

    /// Why it holds, in plain words; none where it says nothing about the customer.
    pub(crate) fn because(&self, situation: &Situation<'_>) -> Option<String> {
        let of_number = || self.number(situation);
        Some(match self.subject {
            Subject::Kind | Subject::Stage => return None,
            Subject::Feature(id) => id.describe().say(of_number()?),
            Subject::Probability => format!("{:.0} % likely to leave", of_number()? * 100.0),
            Subject::Value => format!("worth {:.2}", of_number()?),
            Subject::Segment => format!("segment {}", situation.segment?),
            Subject::ValueTier => format!("value tier {}", situation.value_tier?),
            Subject::Theme => format!("main reason {}", situation.theme?),
            Subject::Reasons => {
                let Asked::OneOf(words) = &self.asked else {
                    return None;
                };
                let reasons = situation.reasons.iter();
                let named: Vec<&str> = reasons
                    .filter(|reason| words.iter().any(|word| word == *reason))
                    .copied()
                    .collect();
                format!("among the reasons {}", named.join(", "))
            }
            Subject::Fact(fact) => match situation.facts.get(fact)? {
                FactValue::Number(x) => {
                    format!("{}: {}", fact.about(), crate::economics::rounded(x))
                }
                FactValue::Flag(true) => fact.about().to_owned(),
                FactValue::Flag(false) => format!("not so: {}", fact.about()),
                FactValue::Text(text) => format!("{}: {text}", fact.about()),
            },
        })
    }
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.subject.name();
        match &self.asked {
            Asked::Within(interval) => write!(f, "{name} {interval}"),
            Asked::Is(true) | Asked::Known => f.write_str(name),
            Asked::Is(false) => write!(f, "not {name}"),
            Asked::OneOf(words) => write!(f, "{name} {}", words.join("|")),
        }
    }
}

fn interval(value: &DeValue<'_>) -> Result<Interval, String> {
    if let Some(x) = number(value) {
        return Ok(Interval::point(x));
    }
    let DeValue::String(text) = value else {
        return Err(wants("a number or a comparison such as \">= 3\"", value));
    };
    Interval::read(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_conditions_share_a_name() {
        let all: Vec<&str> = names().collect();
        let distinct: BTreeSet<&str> = all.iter().copied().collect();
        let twice = distinct
            .iter()
            .filter(|name| all.iter().filter(|n| n == name).count() > 1);
        assert_eq!(twice.collect::<Vec<_>>(), Vec::<&&str>::new());
    }
}
