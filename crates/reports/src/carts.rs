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

use crate::act::Act;

/// Where abandoned carts come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// Goes through a customer's events and tells of every turn, in time order but for what is left at the end.
pub(crate) fn turns(acts: &[Act<'_>], rule: Abandons, mut tell: impl FnMut(Turn)) {
    use EventType as E;
    let after_ms = match rule {
        Abandons::Derived { after_ms } => Some(after_ms),
        Abandons::Given => None,
    };
    // The last touch of the open cart, the instant at which one was left, and the last purchase.
    let (mut open, mut over, mut bought) = (None, None, None);
    for act in acts {
        if let (Some(touch), Some(after)) = (open, after_ms)
            && act.ts >= touch + after
        {
            tell(Turn::Left(touch + after));
            (open, over) = (None, Some(touch + after));
        }
        match act.kind {
            E::Purchase => (open, bought) = (None, Some(act.ts)),
            E::CartAdd | E::CheckoutStart | E::CheckoutStep => {
                let is_over = over.is_some_and(|over| act.ts <= over) || bought == Some(act.ts);
                if open.is_none() && is_over {
                    continue;
                }
                if open.is_none() {
                    tell(Turn::Opened(act.ts));
                }
                open = Some(act.ts);
            }
            E::CartAbandon if after_ms.is_none() => {
                tell(Turn::Left(act.ts));
                open = None;
            }
            _ => {}
        }
    }
    if let (Some(touch), Some(after)) = (open, after_ms) {
        tell(Turn::Left(touch + after));
    }
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
