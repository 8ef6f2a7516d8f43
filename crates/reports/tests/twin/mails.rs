//! What follows a click on the mail about a cart, from its definition.

use holdfast_events::EventType as E;

use crate::logs::{DAY_MS, Log, Person};
use crate::plain::carts;

/// Carts whose mail was clicked; bought, checkout, cart, looked, nothing.
pub(crate) fn cart_mails(log: &Log) -> (u64, [u64; 5]) {
    let mut counts = [0; 5];
    let clicks = log.people.iter().flat_map(|person| {
        let places = 0..person.acts.len();
        places.filter_map(move |at| furthest(person, at))
    });
    clicks.for_each(|step| counts[step] += 1);
    (counts.iter().sum(), counts)
}

/// How far the customer came after the click at this place; none where there is no such click.
fn furthest(person: &Person, at: usize) -> Option<usize> {
    let click = person.acts[at];
    if click.kind != E::CampaignClicked {
        return None;
    }
    let left = carts(person)
        .1
        .into_iter()
        .filter(|left| *left <= click.ts)
        .max()?;
    let since = person.acts[..at].iter().filter(|act| act.ts >= left);
    let is_over = since
        .into_iter()
        .any(|act| matches!(act.kind, E::Purchase | E::CampaignClicked));
    if is_over || click.ts - left > 7 * DAY_MS {
        return None;
    }
    let after: Vec<E> = person.acts[at + 1..]
        .iter()
        .filter(|act| act.ts - click.ts <= DAY_MS)
        .map(|act| act.kind)
        .collect();
    let mail = [
        E::CampaignOpened,
        E::EmailOpen,
        E::CampaignClicked,
        E::CartAbandon,
        E::CampaignUnsubscribed,
        E::ConsentChange,
        E::Refund,
        E::OrderReturned,
    ];
    let steps: [&dyn Fn(&E) -> bool; 4] = [
        &|kind| *kind == E::Purchase,
        &|kind| matches!(kind, E::CheckoutStart | E::CheckoutStep),
        &|kind| matches!(kind, E::CartAdd | E::CartRemove | E::CartView),
        &|kind| kind.is_by_customer() && !mail.contains(kind),
    ];
    let first = steps.iter().position(|is| after.iter().any(is));
    Some(first.unwrap_or(4))
}
