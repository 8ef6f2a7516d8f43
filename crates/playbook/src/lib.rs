//! From a score to what to do: a rule table says which action, offer, route and owner suit a customer, and costs say
//! whether it is worth it.
//!
//! | module | what |
//! | --- | --- |
//! | `playbook` | the checked table: [`Playbook::choose`] |
//! | `read`, `part`, `fault` | a table from its TOML text, with every fault at once |
//! | `condition`, `interval` | one condition: what it looks at and what it asks |
//! | `situation`, `facts` | what a rule sees of a customer |
//! | `economics` | when a contact pays |
//! | `stage` | life-cycle stage of the business, and how many contacts a day it leaves |
//! | `priors` | figures that retention guides repeat, with range and source |
//! | `baskets` | what goes with what, learnt from orders |
//! | `catalogue` | products, and what of them suits a customer: cross-sell, up-sell, bundle, affinity |
//! | `calendar` | days that a shop celebrates |
//! | `preset`, `cases` | shipped tables, and situations with the action that is expected |
//!
//! Nothing here reads a clock, a file or an environment: texts come in as texts, time with the situation.

#![warn(missing_docs)]

mod baskets;
mod calendar;
mod cases;
mod catalogue;
mod condition;
mod economics;
mod facts;
mod fault;
mod interval;
mod part;
mod playbook;
mod preset;
mod priors;
mod read;
mod rule;
mod situation;
mod stage;

pub use baskets::{Baskets, Product};
pub use cases::{Case, Verdict, cases, unreached};
pub use catalogue::{Catalogue, Suggestion, SuggestionKind, Tastes, Ware};
pub use economics::Stakes;
pub use facts::{Fact, FactKind, FactValue, Facts};
pub use fault::{Fault, Faults};
pub use playbook::{Choice, Playbook, Shadow};
pub use preset::Preset;
pub use priors::{Prior, PriorKind, Priors, Range};
pub use read::TABLES;
pub use rule::{Route, Rule};
pub use situation::{AT_RISK, KINDS, SEGMENTS, Situation, THEMES, VALUE_TIERS};
pub use stage::Stage;
