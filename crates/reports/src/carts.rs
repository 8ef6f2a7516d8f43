//! Carts opened and left, by the rule of the engine.
//!
//! | what | effect |
//! | --- | --- |
//! | `cart_add`, `checkout_start`, `checkout_step` | touches the cart; the first touch opens it |
//! | `purchase` | the cart is bought, with what is touched in the same instant after it |
//! | no touch and no purchase for `after_ms` | the cart is left, at the last touch + `after_ms` |
//! | a touch up to the instant at which a cart was left | belongs to the cart that is over |
//! | `cart_abandon`, where abandons are given | the cart is left then, whatever touched it before |

use holdfast_events::EventType;
use serde::{Deserialize, Serialize};

use crate::act::Act;

/// Where abandoned carts come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Abandons {
    /// From idle time after the last touch, in milliseconds.
    Derived {
        /// After how much idle time a cart counts as left.
        after_ms: i64,
    },
    /// From events of type `cart_abandon`.
    Given,
}

impl Default for Abandons {
    /// An hour, as the engine has it.
    fn default() -> Self {
        Self::Derived {
            after_ms: 3_600_000,
        }
    }
}

/// Something that happened to a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Opened(i64),
    Left(i64),
}

/// A customer's cart on the way through the events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Walk {
    /// The last touch of the open cart.
    open: Option<i64>,
    /// The instant at which one was left.
    over: Option<i64>,
    /// The last purchase.
    bought: Option<i64>,
}

impl Walk {
    /// The next event in time.
    pub(crate) fn take(
        &mut self,
        (ts, kind): (i64, EventType),
        rule: Abandons,
        tell: &mut impl FnMut(Turn),
    ) {
        use EventType as E;
        self.leave(ts, rule, tell);
        match kind {
            E::Purchase => (self.open, self.bought) = (None, Some(ts)),
            E::CartAdd | E::CheckoutStart | E::CheckoutStep => {
                let is_over = self.over.is_some_and(|over| ts <= over) || self.bought == Some(ts);
                if self.open.is_none() && is_over {
                    return;
                }
                if self.open.is_none() {
                    tell(Turn::Opened(ts));
                }
                self.open = Some(ts);
            }
            E::CartAbandon if rule == Abandons::Given => {
                tell(Turn::Left(ts));
                self.open = None;
            }
            _ => {}
        }
    }

    /// Time has come to `to`: a cart that was left by then is told.
    pub(crate) fn leave(&mut self, to: i64, rule: Abandons, tell: &mut impl FnMut(Turn)) {
        if let (Some(touch), Abandons::Derived { after_ms }) = (self.open, rule)
            && to >= touch.saturating_add(after_ms)
        {
            tell(Turn::Left(touch + after_ms));
            (self.open, self.over) = (None, Some(touch + after_ms));
        }
    }

    /// Whether a cart is open.
    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
    }
}

/// Goes through a customer's events and tells of every turn, in time order but for what is left at the end.
pub(crate) fn turns(acts: &[Act<'_>], rule: Abandons, mut tell: impl FnMut(Turn)) {
    let mut walk = Walk::default();
    for act in acts {
        walk.take((act.ts, act.kind), rule, &mut tell);
    }
    walk.leave(i64::MAX, rule, &mut tell);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::act::Said;

    const AFTER: i64 = 3_600_000;

    fn of(acts: &[(i64, EventType)], rule: Abandons) -> Vec<Turn> {
        let acts: Vec<Act<'_>> = acts
            .iter()
            .map(|(ts, kind)| Act {
                ts: *ts,
                kind: *kind,
                minor: None,
                said: Said::Nothing,
            })
            .collect();
        let mut out = Vec::new();
        turns(&acts, rule, |turn| out.push(turn));
        out
    }

    #[test]
    fn cart_is_left_once_an_hour_after_its_last_touch() {
        use EventType as E;
        let acts = [
            (0, E::CartAdd),
            (AFTER - 1, E::CheckoutStart),
            (9 * AFTER, E::CartView),
        ];
        let expected = [Turn::Opened(0), Turn::Left(2 * AFTER - 1)];
        assert_eq!(of(&acts, Abandons::default()), expected);
    }

    #[test]
    fn purchase_before_the_hour_is_over_keeps_the_cart_from_being_left() {
        use EventType as E;
        let bought = [
            (0, E::CartAdd),
            (AFTER - 1, E::Purchase),
            (AFTER, E::CartAdd),
        ];
        let expected = [Turn::Opened(0), Turn::Opened(AFTER), Turn::Left(2 * AFTER)];
        assert_eq!(of(&bought, Abandons::default()), expected);
        let late = [(0, E::CartAdd), (AFTER, E::Purchase)];
        let expected = [Turn::Opened(0), Turn::Left(AFTER)];
        assert_eq!(of(&late, Abandons::default()), expected);
        let at_once = [(0, E::Purchase), (0, E::CartAdd)];
        assert_eq!(of(&at_once, Abandons::default()), []);
    }

    #[test]
    fn touch_at_the_instant_of_leaving_belongs_to_the_cart_that_is_over() {
        use EventType as E;
        let acts = [
            (0, E::CartAdd),
            (AFTER, E::CartAdd),
            (AFTER + 1, E::CartAdd),
        ];
        let expected = [
            Turn::Opened(0),
            Turn::Left(AFTER),
            Turn::Opened(AFTER + 1),
            Turn::Left(2 * AFTER + 1),
        ];
        assert_eq!(of(&acts, Abandons::default()), expected);
    }

    #[test]
    fn given_abandon_counts_where_the_source_tells_of_them() {
        use EventType as E;
        let acts = [(0, E::CartAdd), (5 * AFTER, E::CartAbandon)];
        let expected = [Turn::Opened(0), Turn::Left(5 * AFTER)];
        assert_eq!(of(&acts, Abandons::Given), expected);
        let derived = [Turn::Opened(0), Turn::Left(AFTER)];
        assert_eq!(of(&acts, Abandons::default()), derived);
    }
}
