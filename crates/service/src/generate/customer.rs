//! One made-up customer: a nature that stays, a state that moves day by day, and the reasons to leave.
//!
//! | what happens | what it does |
//! | --- | --- |
//! | late delivery, contact with support, refund | grief grows; half of it is gone after three weeks |
//! | a cart is given up at the till | a little grief, the purchase comes later or never |
//! | a second contact about the same order | often leaves within days |
//! | grief | makes decline and leaving more likely, exponentially |
//! | decline | visits, opens and purchases thin out, half in ten days; leaving is eight times as likely |
//! | first purchase of somebody who only tries | leaves soon |

use super::Params;
use super::event::{Event, What};
use super::nature::Nature;
use super::random::Random;
use super::trail::Trail;

/// What grief keeps of itself per day: 2^(-1/21).
const GRIEF_KEPT: f64 = 0.967_533;
const ENGAGEMENT_KEPT: f64 = 0.933;
const LEAVE_PER_DAY: f64 = 0.0006;
const DECLINE_PER_DAY: f64 = 0.001;

#[derive(Debug)]
pub(super) struct Customer {
    trail: Trail,
    pub(super) random: Random,
    nature: Nature,
    joined_day: u32,
    is_new: bool,
    /// 1 in normal times, falling while declining.
    engagement: f64,
    declining: bool,
    grief: f64,
    /// Had to contact support again about the same order, and will not come a third time.
    fed_up: bool,
    /// Engaged days to the next purchase.
    due: f64,
    purchases: u32,
    pub(super) follow_ups: Vec<FollowUp>,
    churn_ms: Option<i64>,
}

/// Something that will happen on a later day because of a purchase.
#[derive(Debug)]
pub(super) struct FollowUp {
    pub(super) day: u32,
    pub(super) what: What,
    pub(super) grief: f64,
}

/// What holds for everybody on a day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day {
    pub(super) number: u32,
    pub(super) from_ms: i64,
    /// Share of orders that go wrong.
    pub(super) failures: f64,
    pub(super) abandons: bool,
}

impl Customer {
    pub(super) fn new(number: u32, params: &Params) -> Self {
        let mut random = Random::new(params.seed, u64::from(number) + 1);
        let nature = Nature::draw(&mut random);
        // Most are there from the start and are seen again within the first weeks; the others come later.
        let is_new = random.chance(0.45);
        let span = if is_new {
            params.days * 4 / 5
        } else {
            (params.days / 6).min(21)
        };
        let joined_day = random
            .whole(0, span.max(1))
            .min(params.days.saturating_sub(1));
        let due = if is_new {
            random.between(0.0, 4.0)
        } else {
            random.between(0.0, nature.gap_days)
        };
        Self {
            trail: Trail::new(number),
            random,
            nature,
            joined_day,
            is_new,
            engagement: 1.0,
            declining: false,
            grief: 0.0,
            fed_up: false,
            due,
            purchases: 0,
            follow_ups: Vec::new(),
            churn_ms: None,
        }
    }

    pub(super) fn number(&self) -> u32 {
        self.trail.customer()
    }

    pub(super) fn churn_ms(&self) -> Option<i64> {
        self.churn_ms
    }

    /// Lives one day; what happens goes to `out`.
    pub(super) fn live(&mut self, day: Day, out: &mut Vec<Event>) {
        if self.churn_ms.is_some() || day.number < self.joined_day {
            return;
        }
        let first = day.number == self.joined_day;
        if !first && self.leaves(day, out) {
            return;
        }
        self.follow_up(day, out);
        self.due -= self.engagement;
        if self.due <= 0.0 {
            self.go_shopping(day, out);
        } else if first {
            self.look_around(day, out);
        }
        for _ in 0..self
            .random
            .poisson(self.nature.visits_per_day * self.engagement)
        {
            self.look_around(day, out);
        }
        self.read_mail(day, out);
    }

    /// Moves the mood by a day; true if the customer leaves for good.
    fn leaves(&mut self, day: Day, out: &mut Vec<Event>) -> bool {
        self.grief *= GRIEF_KEPT;
        if self.declining {
            self.engagement *= ENGAGEMENT_KEPT;
            if self.random.chance(0.012) {
                (self.declining, self.engagement) = (false, 1.0);
            }
        } else {
            self.declining = self
                .random
                .chance(DECLINE_PER_DAY * libm::exp(1.6 * self.grief));
        }
        let mut hazard = LEAVE_PER_DAY * libm::exp(2.3 * self.grief);
        if self.declining {
            hazard *= 8.0;
        }
        if self.nature.only_tries && self.purchases > 0 {
            hazard += 0.06;
        }
        if self.fed_up {
            hazard += 0.5;
        }
        if !self.random.chance(hazard.min(0.5)) {
            return false;
        }
        let at = day.from_ms + i64::from(self.random.whole(3_600, 86_399)) * 1_000;
        if self.random.chance(0.04) {
            self.trail.begin_session();
            self.emit(at - 1_000, What::AccountClosed, out);
        }
        self.churn_ms = Some(at);
        true
    }

    fn follow_up(&mut self, day: Day, out: &mut Vec<Event>) {
        let mut index = 0;
        while index < self.follow_ups.len() {
            if self.follow_ups[index].day > day.number {
                index += 1;
                continue;
            }
            let next = self.follow_ups.swap_remove(index);
            self.grief = (self.grief + next.grief).clamp(0.0, 4.0);
            let again = matches!(
                next.what,
                What::SupportContact {
                    priority: "urgent",
                    ..
                }
            );
            self.fed_up |= again && self.random.chance(0.6);
            let at = self.start_session(day);
            self.emit(at, next.what, out);
        }
    }

    /// A visit without the wish to buy, though something may land in the cart.
    fn look_around(&mut self, day: Day, out: &mut Vec<Event>) {
        let mut at = self.start_session(day);
        if self.is_new && self.trail.is_fresh() {
            let source =
                ["search", "social", "referral", "direct"][self.random.whole(0, 3) as usize];
            at = self.emit(at, What::SignUp { source }, out);
        }
        at = self.browse(at, 5, out);
        if self.random.chance(0.10) {
            let cents = self.cents(0.5);
            at = self.emit(at, What::CartAdd { cents }, out);
            self.give_up(at, cents, day, out);
        }
    }

    fn go_shopping(&mut self, day: Day, out: &mut Vec<Event>) {
        let mut at = self.start_session(day);
        if self.is_new && self.trail.is_fresh() {
            at = self.emit(at, What::SignUp { source: "search" }, out);
        }
        at = self.browse(at, 4, out);
        let items = self.random.whole(1, 3);
        let mut cents = 0;
        for _ in 0..items {
            let item = self.cents(1.0 / f64::from(items));
            cents += item;
            at = self.emit(at, What::CartAdd { cents: item }, out);
        }
        if items > 1 && self.random.chance(0.1) {
            at = self.emit(
                at,
                What::CartRemove {
                    cents: cents / items,
                },
                out,
            );
            cents -= cents / items;
        }
        let clicks = self.random.whole(2, 9);
        let saved_payment = self.purchases > 0 && self.random.chance(0.7);
        at = self.emit(
            at,
            What::CheckoutStart {
                cents,
                clicks,
                saved_payment,
            },
            out,
        );
        let gives_up = 0.10 + 0.16 * self.grief.min(2.5);
        if self.random.chance(gives_up) {
            self.give_up(at, cents, day, out);
            self.grief = (self.grief + 0.35).min(4.0);
            self.due = if self.random.chance(0.65) {
                self.random.between(0.5, 5.0)
            } else {
                self.gap()
            };
            return;
        }
        self.emit(at, What::Purchase { cents, items }, out);
        self.purchases += 1;
        self.due = self.gap();
        self.order_goes_out(day, cents);
    }

    /// The weekly letter.
    fn read_mail(&mut self, day: Day, out: &mut Vec<Event>) {
        if day.number % 7 != 2 || !self.random.chance(self.nature.opens * self.engagement) {
            return;
        }
        let campaign = day.number / 7 + 1;
        let at = self.start_session(day);
        let at = self.emit(at, What::EmailOpen { campaign }, out);
        if self.random.chance(0.2) {
            self.emit(at, What::CampaignClicked { campaign }, out);
        }
    }

    /// The shop's own tracking notices a cart that nobody came back to, an hour later.
    fn give_up(&mut self, last_touch: i64, cents: u32, day: Day, out: &mut Vec<Event>) {
        if day.abandons {
            self.emit(last_touch + 3_600_000, What::CartAbandon { cents }, out);
        }
    }

    fn browse(&mut self, mut at: i64, most: u32, out: &mut Vec<Event>) -> i64 {
        for _ in 0..self.random.whole(1, most) {
            let load_ms = self.load_ms();
            let what = match self.random.whole(0, 9) {
                0 => What::Search,
                1..=3 => What::ProductView { load_ms },
                _ => What::PageView { load_ms },
            };
            at = self.emit(at, what, out);
        }
        at
    }

    fn start_session(&mut self, day: Day) -> i64 {
        self.trail
            .start_session(&mut self.random, self.nature.hour, day)
    }

    fn emit(&mut self, ts: i64, what: What, out: &mut Vec<Event>) -> i64 {
        self.trail.emit(&mut self.random, ts, what, out)
    }

    fn gap(&mut self) -> f64 {
        self.random.erlang(self.nature.shape, self.nature.gap_days)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped"
    )]
    fn cents(&mut self, share: f64) -> u32 {
        self.random
            .log_normal(self.nature.basket_cents * share, 0.4)
            .clamp(100.0, 500_000.0) as u32
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped"
    )]
    fn load_ms(&mut self) -> u32 {
        self.random
            .log_normal(self.nature.load_ms, 0.4)
            .clamp(80.0, 30_000.0) as u32
    }
}
