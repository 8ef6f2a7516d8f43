//! One rule: when it is for a customer, and what is to be done then.

use crate::condition::Condition;
use crate::part::unknown;
use crate::situation::Situation;
use crate::stage::Stage;

/// Who carries an action out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// Customer service.
    Service,
    /// Campaigns.
    Marketing,
    /// Those who sell.
    Sales,
    /// Customer success: those who see that the product is of use.
    Success,
    /// Training and onboarding.
    Enablement,
    /// A machine, without anybody looking.
    Automation,
}

impl Route {
    const ALL: [(&'static str, Self); 6] = [
        ("service", Self::Service),
        ("marketing", Self::Marketing),
        ("sales", Self::Sales),
        ("success", Self::Success),
        ("enablement", Self::Enablement),
        ("automation", Self::Automation),
    ];

    /// The word in rule tables and alerts.
    #[must_use]
    pub fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(_, route)| *route == self);
        found.map_or("", |(name, _)| name)
    }

    pub(crate) fn read(name: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found
            .map(|(_, route)| *route)
            .ok_or_else(|| unknown("route", name, Self::ALL.map(|(name, _)| name)))
    }
}

/// One row of the table, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name; "default" for the last resort.
    pub name: String,
    pub(crate) when: Vec<Condition>,
    /// What is to be done; "none" for nothing.
    pub action: String,
    /// What is offered, for people.
    pub offer: Option<String>,
    /// What whoever carries it out says or does, for people.
    pub text: Option<String>,
    /// Who carries it out.
    pub route: Route,
    /// Who answers for it.
    pub owner: String,
    /// How long after the decision it is still worth doing, in milliseconds; none for as long as the alert lasts.
    pub expires_ms: Option<i64>,
    /// Of one contact, the remedy included, in major units.
    pub cost: f64,
    /// Share of those who would leave and are kept by it, 0 to 1.
    pub saved: f64,
}

/// The action that does nothing.
pub(crate) const NONE: &str = "none";

impl Rule {
    /// Whether all conditions hold.
    pub(crate) fn holds(&self, situation: &Situation<'_>, stage: Option<Stage>) -> bool {
        self.when
            .iter()
            .all(|condition| condition.holds(situation, stage))
    }

    /// Whether it is for this kind, by name.
    pub(crate) fn is_for(&self, kind: &str) -> bool {
        let mut asked = self.when.iter().filter_map(Condition::kinds);
        asked.any(|kinds| kinds.iter().any(|own| own == kind))
    }

    /// Whether it holds wherever `later` does, so that `later` never comes to anything behind it.
    pub(crate) fn shadows(&self, later: &Self) -> bool {
        let follows = |own: &Condition| later.when.iter().any(|other| own.follows_from(other));
        self.when.iter().all(follows)
    }

    /// Its conditions, such as "theme support, open_tickets >= 1", as the table has them.
    #[must_use]
    pub fn conditions(&self) -> String {
        let all: Vec<String> = self.when.iter().map(ToString::to_string).collect();
        all.join(", ")
    }

    /// The action in words, such as "service recovery".
    pub(crate) fn said(&self) -> String {
        self.action.replace('_', " ")
    }
}
