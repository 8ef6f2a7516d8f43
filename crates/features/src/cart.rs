//! Carts that were left: one timer per customer.
//!
//! | what | effect |
//! | --- | --- |
//! | `cart_add`, `checkout_start`, `checkout_step` | touches the cart: the timer is its instant + `after` |
//! | `purchase` at or after the newest touch | the cart is bought: no timer |
//! | the timer fires | one abandon, dated at the timer, and the cart is over |
//! | a touch up to the instant of that timer | belongs to the cart that is over: no new timer |
//! | a later touch | a new cart |
//! | `cart_remove`, `cart_view` | activity only: they neither open a cart nor keep one alive |
//!
//! Open or not follows from the greatest touch and the greatest purchase, so it doesn't depend on
//! the order in which they arrive. Whether a timer has fired does: an event that arrives after a
//! timer which it would have moved or cancelled undoes nothing, and a touch older than the newest
//! one is no cart of its own. Whoever applies events fires the timers that are due first.

use crate::head::Head;
use holdfast_events::EventType;

/// Whether an event of this type touches the cart.
pub(crate) fn is_touch(kind: EventType) -> bool {
    matches!(
        kind,
        EventType::CartAdd | EventType::CheckoutStart | EventType::CheckoutStep
    )
}

/// A touch at `ts`, with timers `after_ms` later.
pub(crate) fn touch(head: &mut Head, ts: i64, after_ms: i64) {
    let is_new = match head.cart() {
        None => true,
        Some((last, false)) => ts > last,
        Some((last, true)) => ts > last + after_ms,
    };
    if is_new {
        head.set_cart(ts, false);
    }
}

/// The instant at which the open cart counts as abandoned.
pub(crate) fn timer(head: &Head, after_ms: i64) -> Option<i64> {
    let (touch, fired) = head.cart()?;
    let bought = head
        .last_purchase()
        .is_some_and(|purchase| purchase >= touch);
    (!fired && !bought).then_some(touch + after_ms)
}

/// Ends the open cart; its timer's instant.
pub(crate) fn fire(head: &mut Head, after_ms: i64) -> Option<i64> {
    let at = timer(head, after_ms)?;
    head.set_cart(at - after_ms, true);
    Some(at)
}
