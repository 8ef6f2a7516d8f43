//! Carts that were left, and carts that came back: each told once.
//!
//! A customer has one cart at a time, by the rule of the store's own timer, so records and the feature
//! `cart_abandons` count the same carts at the same instants:
//!
//! | what | effect |
//! | --- | --- |
//! | `cart_add`, `checkout_start`, `checkout_step` | opens or touches the cart |
//! | `cart_remove`, `cart_view` | what is in the cart; they neither open it nor keep it alive |
//! | `purchase` at or after the newest touch | the cart is bought, whatever order it names |
//! | nothing for [`cart_after_ms`](crate::Settings::cart_after_ms) | left, as of the newest touch and that long |
//! | a touch up to that instant, however late it comes | belongs to the cart that is over |
//! | `purchase` within [`cart_recovered_ms`](crate::Settings::cart_recovered_ms) | the cart that was left last came back |
//!
//! A cart that was left and is touched again is told again when it is left again; by its id it holds what it held.
//!
//! Where abandons are given, an event of that type leaves the cart instead of the timer, each cart once: another one
//! that names the same cart is told only if the cart was touched in between.
//!
//! A row is 2 bytes beside 16 for an open cart without an id and 12 for one that was left. There is none after a purchase
//! unless a cart was ever left.

use holdfast_events::{Details, EventType, Goods};
use holdfast_features::Ix;
use serde::{Deserialize, Serialize};

use crate::notice::{Cause, Topic};
use crate::part::{Out, Part, Want, Whom};
use crate::profile::Profile;
use crate::table::{AnyTable, Packed};
use crate::tracker::Seen;

/// Ids longer than those of customers are not kept.
const LONGEST_ID: usize = 256;

/// How far the customer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    CartAdd,
    CheckoutStart,
    CheckoutStep,
}

/// The cart that is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Open {
    touched: i64,
    /// From the first touch to the newest.
    lasted: u64,
    step: Stage,
    /// Adds less removes, minor units.
    added: i64,
    /// What the checkout named last, minor units.
    checkout: i64,
    /// Adds less removes.
    items: i32,
    id: Option<Box<str>>,
}

impl Open {
    fn value(&self) -> i64 {
        self.added.max(self.checkout).max(0)
    }
}

/// The cart that was left last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Left {
    at: i64,
    value: i64,
    id: Option<Box<str>>,
    state: State,
}

/// Whether a cart may still come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    /// It may.
    Pending,
    /// It may, and a mail was clicked since.
    Clicked,
    /// It came back, or a purchase came too late for that.
    Over,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Row {
    open: Option<Open>,
    left: Option<Left>,
    abandoned: u32,
}

/// The part.
#[derive(Debug, Clone)]
pub struct Carts {
    rows: Packed<Row>,
}

impl Default for Carts {
    fn default() -> Self {
        Self {
            rows: Packed::new("carts"),
        }
    }
}

#[derive(Serialize)]
struct Abandoned<'a> {
    kind: &'static str,
    customer_id: &'a str,
    as_of: i64,
    trigger: Cause<'a>,
    cart_id: Option<&'a str>,
    value: f64,
    items: i32,
    steps: Option<Stage>,
    opened_at: Option<i64>,
    touched_at: Option<i64>,
}

#[derive(Serialize)]
struct Recovered<'a> {
    kind: &'static str,
    customer_id: &'a str,
    as_of: i64,
    trigger: Cause<'a>,
    cart_id: Option<&'a str>,
    value: f64,
    after_ms: i64,
    clicked_mail: bool,
}

/// Goods that an event names: how many, and what they cost where it says no amount.
fn goods(details: Option<&Details<'_>>, exponent: u8) -> (i32, i64) {
    let Some(Goods { list, .. }) = details.and_then(|details| details.items.as_ref()) else {
        return (0, 0);
    };
    list.iter().fold((0_i32, 0_i64), |(items, worth), item| {
        let quantity = item.quantity.unwrap_or(1.0).clamp(0.0, 1e6);
        let price = item.price.as_ref().and_then(|price| price.minor(exponent));
        let price = price.unwrap_or(0) as f64 * quantity;
        let worth = worth.saturating_add(libm::round(price) as i64);
        (items.saturating_add(quantity as i32), worth)
    })
}

fn cart_id<'a>(details: Option<&'a Details<'_>>) -> Option<&'a str> {
    let id = details?.cart_id.as_deref()?;
    (!id.is_empty() && id.len() <= LONGEST_ID).then_some(id)
}

impl Row {
    /// A touch, or a change of what is in the cart.
    fn touch(&mut self, whom: &Whom<'_>, seen: &Seen<'_>) {
        let over = self.left.as_ref().is_some_and(|left| seen.ts <= left.at);
        let bought = whom.store.last_purchase(whom.ix);
        if over || bought.is_some_and(|bought| bought >= seen.ts) {
            return;
        }
        let step = match seen.kind {
            EventType::CartAdd => Some(Stage::CartAdd),
            EventType::CheckoutStart => Some(Stage::CheckoutStart),
            EventType::CheckoutStep => Some(Stage::CheckoutStep),
            _ => None,
        };
        if let Some(step) = step {
            let id = cart_id(seen.details);
            let same = |left: &&Left| id.is_some() && left.id.as_deref() == id;
            let back = self.left.as_ref().filter(same);
            let open = self.open.get_or_insert(Open {
                touched: seen.ts,
                lasted: 0,
                step,
                // A cart that goes on under its id holds what it held.
                added: back.map_or(0, |left| left.value),
                checkout: 0,
                items: 0,
                id: None,
            });
            let opened = seen.ts.min(open.touched - open.lasted as i64);
            open.touched = open.touched.max(seen.ts);
            open.lasted = (open.touched - opened) as u64;
            open.step = open.step.max(step);
        }
        let Some(open) = &mut self.open else {
            return;
        };
        let (items, worth) = goods(seen.details, whom.settings.minor_exponent);
        let worth = seen.minor.unwrap_or(worth);
        match seen.kind {
            EventType::CartAdd => {
                open.added = open.added.saturating_add(worth);
                open.items = open.items.saturating_add(items.max(1));
            }
            EventType::CartRemove => {
                open.added = open.added.saturating_sub(worth);
                open.items = open.items.saturating_sub(items.max(1));
            }
            EventType::CheckoutStart => {
                open.checkout = worth;
                open.items = open.items.max(items);
            }
            _ => {}
        }
        if let Some(id) = cart_id(seen.details)
            && open.id.as_deref() != Some(id)
        {
            open.id = Some(id.into());
        }
    }

    /// The instant at which the open cart is left if nothing happens.
    fn timer(&self, whom: &Whom<'_>) -> Option<i64> {
        let open = self.open.as_ref()?;
        let after = whom.settings.cart_after_ms;
        (!whom.settings.carts_given).then(|| open.touched.saturating_add(after))
    }

    /// The open cart was left at `at`, or one that is not known.
    fn leave(&mut self, at: i64, given: (Option<i64>, Option<&str>)) -> Option<Open> {
        // One that was touched later goes on.
        let open = self.open.take_if(|open| open.touched <= at);
        let known = open.as_ref();
        self.left = Some(Left {
            at,
            value: given.0.or(known.map(Open::value)).unwrap_or(0),
            id: given.1.map(Into::into).or_else(|| known?.id.clone()),
            state: State::Pending,
        });
        self.abandoned = self.abandoned.saturating_add(1);
        open
    }

    fn tell(&self, whom: &Whom<'_>, open: Option<&Open>, cause: Cause<'_>, out: &mut Out<'_>) {
        let Some(left) = &self.left else {
            return;
        };
        let value = Abandoned {
            kind: "abandoned",
            customer_id: whom.id(),
            as_of: left.at,
            trigger: cause,
            cart_id: left.id.as_deref(),
            value: whom.in_major(left.value),
            items: open.map_or(0, |open| open.items.max(0)),
            steps: open.map(|open| open.step),
            opened_at: open.map(|open| open.touched - open.lasted as i64),
            touched_at: open.map(|open| open.touched),
        };
        out.send((Topic::Carts, "cart_abandoned"), whom, left.at, &value);
    }

    fn given(&mut self, whom: &Whom<'_>, seen: &Seen<'_>, out: &mut Out<'_>) {
        let id = cart_id(seen.details);
        let told = self.left.as_ref().and_then(|left| left.id.as_deref());
        if self.open.is_none() && id.is_some() && id == told {
            return;
        }
        let open = self.leave(seen.ts, (seen.minor, id));
        let event_id = seen.event_id;
        self.tell(whom, open.as_ref(), Cause::Event { event_id }, out);
    }

    fn bought(&mut self, whom: &Whom<'_>, seen: &Seen<'_>, out: &mut Out<'_>) {
        self.open.take_if(|open| open.touched <= seen.ts);
        let Some(left) = &mut self.left else {
            return;
        };
        // One that comes late but is dated within the idle time would have kept the cart from being left.
        let idle_ms = match whom.settings.carts_given {
            true => 0,
            false => whom.settings.cart_after_ms,
        };
        if left.state == State::Over || seen.ts < left.at - idle_ms {
            return;
        }
        let after_ms = (seen.ts - left.at).max(0);
        let clicked_mail = left.state == State::Clicked;
        left.state = State::Over;
        if after_ms > whom.settings.cart_recovered_ms {
            return;
        }
        let value = Recovered {
            kind: "recovered",
            customer_id: whom.id(),
            as_of: left.at + after_ms,
            trigger: Cause::Event {
                event_id: seen.event_id,
            },
            cart_id: left.id.as_deref(),
            value: whom.in_major(left.value),
            after_ms,
            clicked_mail,
        };
        out.send((Topic::Carts, None), whom, value.as_of, &value);
    }
}

impl Carts {
    /// Brings where the customer's row is into the cache.
    pub(crate) fn touch_page(&self, ix: Ix) {
        self.rows.touch_page(ix);
    }

    /// Then brings the row itself.
    pub(crate) fn touch(&self, ix: Ix) {
        self.rows.touch(ix);
    }
}

impl Part for Carts {
    fn wants(&self, kind: EventType) -> Want {
        match kind {
            EventType::CartAdd
            | EventType::CartRemove
            | EventType::CartView
            | EventType::CartAbandon
            | EventType::CheckoutStart
            | EventType::CheckoutStep => Want::Fields(&["cart_id", "items"]),
            EventType::Purchase | EventType::CampaignClicked => Want::Event,
            _ => Want::Nothing,
        }
    }

    fn seen(&mut self, whom: &Whom<'_>, seen: &Seen<'_>, out: &mut Out<'_>) {
        let mut row = self.rows.get(whom.ix);
        match seen.kind {
            EventType::Purchase => row.bought(whom, seen, out),
            EventType::CampaignClicked => {
                let waits = |left: &&mut Left| left.state == State::Pending && left.at <= seen.ts;
                if let Some(left) = row.left.as_mut().filter(waits) {
                    left.state = State::Clicked;
                }
            }
            EventType::CartAbandon if whom.settings.carts_given => row.given(whom, seen, out),
            EventType::CartAbandon => {}
            _ => row.touch(whom, seen),
        }
        self.rows.set(whom.ix, &row);
    }

    fn next(&self, whom: &Whom<'_>) -> Option<i64> {
        self.rows.get(whom.ix).timer(whom)
    }

    fn fire(&mut self, whom: &Whom<'_>, at: i64, out: &mut Out<'_>) {
        let mut row = self.rows.get(whom.ix);
        if row.timer(whom).is_some_and(|when| when <= at) {
            let open = row.leave(at, (None, None));
            let name = "cart_abandon";
            row.tell(whom, open.as_ref(), Cause::Timer { name }, out);
            self.rows.set(whom.ix, &row);
        }
    }

    fn describe(&self, whom: &Whom<'_>, as_of: i64, profile: &mut Profile) {
        let mut row = self.rows.get(whom.ix);
        let timer = row.timer(whom).map(|when| when.max(whom.floor));
        if let Some(when) = timer.filter(|when| *when <= as_of) {
            row.leave(when, (None, None));
        }
        profile.carts_abandoned = row.abandoned;
        profile.cart_open_value = row.open.as_ref().map(Open::value);
        let waits = |left: &&Left| {
            left.state != State::Over
                && as_of - left.at <= whom.settings.cart_recovered_ms
                && left.at <= as_of
        };
        profile.cart_left_value = row.left.as_ref().filter(waits).map(|left| left.value);
    }

    fn tables(&self) -> Vec<&dyn AnyTable> {
        vec![&self.rows]
    }

    fn tables_mut(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![&mut self.rows]
    }
}
