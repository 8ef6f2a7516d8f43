//! The list of parts.

use holdfast_events::EventType;
use holdfast_features::Ix;

use super::{Fields, KINDS};
use crate::part::activation::Activations;
use crate::part::carts::Carts;
use crate::part::contact::Contacts;
use crate::part::contract::Contracts;
use crate::part::feedback::Opinions;
use crate::part::orders::FollowUps;
use crate::part::rewards::Rewards;
use crate::part::segments::Segments;
use crate::part::service::Service;
use crate::part::silence::Silence;
use crate::part::tastes::Desires;
use crate::part::{Part, Want};
use crate::settings::Settings;
use crate::table::AnyTable;

/// All parts, in the order in which they hear of an event.
#[derive(Debug, Clone, Default)]
pub(super) struct Parts {
    pub(super) segments: Segments,
    carts: Carts,
    contacts: Contacts,
    pub(super) service: Service,
    silence: Silence,
    pub(super) contracts: Contracts,
    rewards: Rewards,
    orders: FollowUps,
    feedback: Opinions,
    activations: Activations,
    pub(super) tastes: Desires,
}

impl Parts {
    pub(super) fn all(&self) -> [&dyn Part; COUNT] {
        [
            &self.segments,
            &self.carts,
            &self.contacts,
            &self.service,
            &self.silence,
            &self.contracts,
            &self.rewards,
            &self.orders,
            &self.feedback,
            &self.activations,
            &self.tastes,
        ]
    }

    pub(super) fn all_mut(&mut self) -> [&mut dyn Part; COUNT] {
        [
            &mut self.segments,
            &mut self.carts,
            &mut self.contacts,
            &mut self.service,
            &mut self.silence,
            &mut self.contracts,
            &mut self.rewards,
            &mut self.orders,
            &mut self.feedback,
            &mut self.activations,
            &mut self.tastes,
        ]
    }

    /// What the parts want under these settings: by event type, a bit for each part that wants it, and the fields.
    pub(super) fn wanted(&mut self, settings: &Settings) -> [(u16, Fields); KINDS] {
        self.tastes.keep_goods(settings.goods_are_kept);
        std::array::from_fn(|kind| {
            let kind = EventType::ALL[kind];
            let wants = self.all().map(|part| part.wants(kind));
            let bits = (0..)
                .zip(&wants)
                .filter(|(_, want)| **want != Want::Nothing);
            let bits = bits.fold(0, |bits, (part, _)| bits | 1 << part);
            (bits, Fields::of(&wants))
        })
    }

    /// Brings what most events ask for into the cache, before it is needed. Each round only follows what the round
    /// before has brought in, so the misses of many customers overlap.
    pub(super) fn touch(&self, customers: &[Ix]) {
        for ix in customers {
            self.silence.touch(*ix);
            self.contacts.touch_page(*ix);
            self.carts.touch_page(*ix);
        }
        for ix in customers {
            self.contacts.touch(*ix);
            self.carts.touch(*ix);
        }
    }

    pub(super) fn tables(&self) -> Vec<&dyn AnyTable> {
        self.all().into_iter().flat_map(Part::tables).collect()
    }

    pub(super) fn tables_mut(&mut self) -> Vec<&mut dyn AnyTable> {
        self.all_mut()
            .into_iter()
            .flat_map(Part::tables_mut)
            .collect()
    }
}

/// Number of parts; a bit each in a customer's row of who waits for an instant.
const COUNT: usize = 11;
const _: () = assert!(COUNT <= 16, "a bit for each part");
