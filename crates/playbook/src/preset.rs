//! The shipped rule tables with their cases.

/// A kind of business that a rule table ships for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// A shop: customers leave by silence.
    Ecommerce,
    /// Software by subscription: customers leave by ending a contract.
    Saas,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 2] = [Self::Ecommerce, Self::Saas];

    /// The word on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ecommerce => "ecommerce",
            Self::Saas => "saas",
        }
    }

    /// The rule table, for [`crate::Playbook::parse`].
    #[must_use]
    pub fn rules(self) -> &'static str {
        match self {
            Self::Ecommerce => include_str!("../presets/ecommerce.toml"),
            Self::Saas => include_str!("../presets/saas.toml"),
        }
    }

    /// Its cases, for [`crate::cases()`]: at least one for each rule.
    #[must_use]
    pub fn cases(self) -> &'static str {
        match self {
            Self::Ecommerce => include_str!("../presets/ecommerce-cases.toml"),
            Self::Saas => include_str!("../presets/saas-cases.toml"),
        }
    }
}
