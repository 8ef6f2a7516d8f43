//! What differs between the demo of a shop and that of software by subscription.

use holdfast_model::LabelKind;
use holdfast_playbook::Preset;

use super::learn::HORIZON_DAYS;

/// One kind of business, as the demo asks and tells of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trade(pub(super) Preset);

impl Trade {
    /// What counts as having left.
    pub(super) fn label(self) -> LabelKind {
        match self.0 {
            Preset::Ecommerce => LabelKind::Purchase,
            Preset::Saas => LabelKind::Event(self.watched().to_owned()),
        }
    }

    /// Within how many days customers must have been active to be judged: the default, or 0 for ever.
    pub(super) fn active_days(self) -> Option<u32> {
        match self.0 {
            Preset::Ecommerce => None,
            Preset::Saas => Some(0),
        }
    }

    /// The type of event that says whether somebody left.
    pub(super) fn watched(self) -> &'static str {
        match self.0 {
            Preset::Ecommerce => "purchase",
            Preset::Saas => "subscription_cancel",
        }
    }

    /// Whether one who did (or did not) do what is watched within the horizon has left.
    pub(super) fn has_left(self, did: bool) -> bool {
        match self.0 {
            Preset::Ecommerce => !did,
            Preset::Saas => did,
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self.0 {
            Preset::Ecommerce => "a made-up shop",
            Preset::Saas => "made-up software by subscription",
        }
    }

    pub(super) fn step(self) -> &'static str {
        match self.0 {
            Preset::Ecommerce => "shop",
            Preset::Saas => "accounts",
        }
    }

    pub(super) fn question(self) -> String {
        match self.0 {
            Preset::Ecommerce => format!("no purchase within {HORIZON_DAYS} days"),
            Preset::Saas => format!("a cancelled contract within {HORIZON_DAYS} days"),
        }
    }

    /// What the truth says of those who left.
    pub(super) fn answer(self) -> String {
        match self.0 {
            Preset::Ecommerce => format!("buy nothing in the {HORIZON_DAYS} days that follow"),
            Preset::Saas => format!("cancel in the {HORIZON_DAYS} days that follow"),
        }
    }
}
