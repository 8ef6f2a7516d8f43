//! What people do after a click on the mail about a cart that they left.
//!
//! A click on a campaign counts once for each cart: the first within a week of its being left, unless the customer has
//! bought in between. What counts of the day that follows is the furthest that the customer came.

use holdfast_events::EventType;
use serde::Serialize;

use crate::act::{Customer, is_active};
use crate::carts::{Turn, Walk};
use crate::rate::percent;
use crate::terms::Terms;

/// For so long a click is about the cart that was left, as long as the engine lets one come back.
const ABOUT_MS: i64 = 7 * 86_400_000;
/// What follows within so long follows from the click.
const AFTER_MS: i64 = 86_400_000;

/// How far a customer came after a click.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Came {
    Nowhere,
    Looked,
    Cart,
    Checkout,
    Bought,
}

/// Sums over customers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CartMails([u64; 5]);

/// What people do after a click on the mail about a cart that they left.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CartMailFigures {
    /// Carts whose mail was clicked within a week.
    pub clicked: u64,
    /// Of them, those where the customer bought within a day.
    pub bought: u64,
    /// Came as far as the checkout.
    pub checkout: u64,
    /// Changed what is in the cart.
    pub cart: u64,
    /// Did something else on the site.
    pub looked: u64,
    /// Did nothing more.
    pub nothing: u64,
    /// Percent that bought.
    pub bought_rate: Option<f64>,
}

fn came(kind: EventType) -> Came {
    use EventType as E;
    match kind {
        E::Purchase => Came::Bought,
        E::CheckoutStart | E::CheckoutStep => Came::Checkout,
        E::CartAdd | E::CartRemove | E::CartView => Came::Cart,
        E::CampaignOpened | E::EmailOpen | E::CampaignClicked => Came::Nowhere,
        E::CampaignUnsubscribed | E::ConsentChange | E::Refund | E::OrderReturned => Came::Nowhere,
        kind if is_active(kind) => Came::Looked,
        _ => Came::Nowhere,
    }
}

impl CartMails {
    pub(crate) fn fold(&mut self, customer: &Customer<'_>, terms: &Terms) {
        let (mut walk, mut left) = (Walk::default(), None);
        for (at, act) in customer.acts.iter().enumerate() {
            let mut last = None;
            walk.take((act.ts, act.kind), terms.abandons, &mut |turn| {
                if let Turn::Left(at) = turn {
                    last = Some(at);
                }
            });
            left = last.or(left);
            if act.kind == EventType::Purchase {
                left = None;
            }
            let is_click = act.kind == EventType::CampaignClicked;
            let about = |left: &mut i64| is_click && act.ts - *left <= ABOUT_MS;
            if left.take_if(about).is_some() {
                let after = customer.acts[at + 1..].iter();
                let after = after.take_while(|next| next.ts - act.ts <= AFTER_MS);
                let furthest = after.map(|next| came(next.kind)).max();
                self.0[furthest.unwrap_or(Came::Nowhere) as usize] += 1;
            }
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum += more;
        }
    }

    pub(crate) fn figures(&self) -> CartMailFigures {
        let [nothing, looked, cart, checkout, bought] = self.0;
        let clicked = self.0.iter().sum();
        CartMailFigures {
            clicked,
            bought,
            checkout,
            cart,
            looked,
            nothing,
            bought_rate: percent(bought, clicked),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::act::{Act, Said};
    use crate::calendar::{Calendar, Period};
    use crate::carts::Abandons;

    const HOUR: i64 = 3_600_000;

    fn of(acts: &[(i64, EventType)]) -> CartMailFigures {
        let acts: Vec<Act<'_>> = acts
            .iter()
            .map(|(ts, kind)| Act {
                ts: *ts,
                kind: *kind,
                minor: None,
                said: Said::Nothing,
            })
            .collect();
        let calendar = Calendar::over(Period::Month, &TimeZone::UTC, (0, 1)).unwrap();
        let terms = Terms {
            calendar,
            alive_days: 90,
            exponent: 2,
            abandons: Abandons::default(),
        };
        let mut mails = CartMails::default();
        let customer = Customer {
            acts: &acts,
            source: None,
            choices: &[],
        };
        mails.fold(&customer, &terms);
        mails.figures()
    }

    #[test]
    fn the_furthest_step_within_a_day_of_the_first_click_counts() {
        use EventType as E;
        let day = 24 * HOUR;
        let click = 5 * HOUR;
        let bought = [
            (0, E::CartAdd),
            (click, E::CampaignClicked),
            (click + 1, E::CampaignClicked),
            (click + 2, E::CartView),
            (click + day, E::Purchase),
        ];
        let found = of(&bought);
        assert_eq!(
            (found.clicked, found.bought, found.bought_rate),
            (1, 1, Some(100.0))
        );
        let late = [
            (0, E::CartAdd),
            (click, E::CampaignClicked),
            (click + day + 1, E::Purchase),
        ];
        assert_eq!((of(&late).clicked, of(&late).nothing), (1, 1));
        let looked = [
            (0, E::CartAdd),
            (click, E::CampaignClicked),
            (click + 9, E::PageView),
        ];
        assert_eq!((of(&looked).looked, of(&looked).bought), (1, 0));
    }

    #[test]
    fn a_click_without_a_cart_that_waits_is_about_something_else() {
        use EventType as E;
        let open = [(0, E::CartAdd), (HOUR - 1, E::CampaignClicked)];
        let had = [
            (0, E::CartAdd),
            (2 * HOUR, E::Purchase),
            (3 * HOUR, E::CampaignClicked),
        ];
        let old = [(0, E::CartAdd), (HOUR + ABOUT_MS + 1, E::CampaignClicked)];
        for acts in [&open[..], &had, &old, &[(0, E::CampaignClicked)]] {
            assert_eq!(of(acts), CartMailFigures::default());
        }
        let edge = [(0, E::CartAdd), (HOUR + ABOUT_MS, E::CampaignClicked)];
        assert_eq!(of(&edge).clicked, 1);
    }
}
