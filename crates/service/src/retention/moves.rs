//! Segments and moves between them, by the same tracker that tells of them live.

use std::sync::Arc;

use holdfast_events::EventType;
use holdfast_features::{self as features, Input, Store};
use holdfast_lifecycle::{Notice, Profile, Seen, Settings, Topic, Tracker};
use holdfast_reports::{Customer, Moves};
use serde::Deserialize;

use super::Request;
use crate::pipeline::cuts_of;

/// Follows customers one after the other through their orders.
pub(super) struct Walk {
    store: Store,
    tracker: Tracker,
    moves: Moves,
}

#[derive(Deserialize)]
struct Moved {
    from: Option<String>,
    to: String,
}

fn count(moves: &mut Moves, notice: &Notice) {
    if notice.topic == Topic::Segments
        && let Ok(Moved { from, to }) = serde_json::from_slice(&notice.value)
    {
        *moves.transitions.entry((from, to)).or_default() += 1;
    }
}

impl Walk {
    /// Cut points are those of the configuration, else the model's, else the usual ones.
    pub(super) fn new(request: &Request<'_>, exponent: u8) -> Self {
        let settings = Settings {
            time_zone: request.zone.clone(),
            minor_exponent: exponent,
            cuts: request.cuts.over(request.model.and_then(cuts_of)),
            dwell_ms: request.dwell_ms,
            ..Settings::default()
        };
        Self {
            store: Store::new(features::Settings {
                // Duplicates are gone already, and carts make no segment.
                dedupe: false,
                cart_abandon: features::CartAbandon::Given,
                minor_exponent: exponent,
                stats: None,
            }),
            tracker: Tracker::new(Arc::new(settings), None),
            moves: Moves::default(),
        }
    }

    /// Only what moves a segment: purchases and refunds, which come in the order of time.
    pub(super) fn follow(&mut self, id: &str, customer: &Customer<'_>) {
        let money = |kind| matches!(kind, EventType::Purchase | EventType::Refund);
        let mut acts = customer
            .acts
            .iter()
            .filter(|act| money(act.kind))
            .peekable();
        if acts.peek().is_none() {
            return;
        }
        let ix = self.store.intern(id);
        for act in acts {
            let Self {
                store,
                tracker,
                moves,
            } = self;
            let mut to = |notice: Notice, _: &dyn Fn(i64) -> Profile| count(moves, &notice);
            tracker.before_event(store, ix, act.ts, &mut to);
            store.apply(
                ix,
                &Input {
                    kind: act.kind,
                    ts: act.ts,
                    minor: act.minor,
                    id_hash: 0,
                    particulars: Default::default(),
                },
            );
            let seen = Seen {
                kind: act.kind,
                type_name: act.kind.name(),
                ts: act.ts,
                minor: act.minor,
                event_id: "",
                details: None,
            };
            tracker.after_event(store, ix, &seen, &mut to);
        }
    }

    /// Silence until `end` (ms UTC) moves customers too; then each is counted where it stands.
    pub(super) fn end(self, end: i64) -> Moves {
        let Self {
            store,
            mut tracker,
            mut moves,
        } = self;
        tracker.advance(&store, end, &mut |notice, _| count(&mut moves, &notice));
        for ix in store.iter() {
            if let Some(segment) = tracker.profile(&store, ix, end).segment {
                *moves.sizes.entry(segment.name().to_owned()).or_default() += 1;
            }
        }
        moves
    }
}
