//! One made-up account of software by subscription, and the reasons to end the contract.
//!
//! | what happens | what it does |
//! | --- | --- |
//! | the product does not fit, or nobody sets it up | it is hardly used; a trial mostly ends without a contract |
//! | trouble at work, with a ticket | grief grows; a ticket that is solved takes most of it back |
//! | a ticket that is not solved | a second one, and more grief |
//! | decline | use thins out, half in ten days; a smaller plan at the renewal, and leaving is much likelier |
//! | the end of a period is near | those who think of leaving do |
//! | a period is paid for | the contract goes on, and the paid invoice is a purchase |
//! | a payment that fails three times | the contract ends, though nobody wanted it to |

use super::customer::Day;
use super::event::{Event, Terms, What};
use super::random::Random;
use super::trail::Trail;
use super::{DAY_MS, Params};

const GRIEF_KEPT: f64 = 0.967_533; // half in three weeks
const ENGAGEMENT_KEPT: f64 = 0.933;
const LEAVE_PER_DAY: f64 = 0.000_5;
const DECLINE_PER_DAY: f64 = 0.001_5;
const TRIAL_DAYS: u32 = 14;
const RETRY_DAYS: u32 = 3;

/// What an account is like, for good.
#[derive(Debug)]
struct Nature {
    sessions_per_day: f64,
    hour: f64,
    seats: u32,
    yearly: bool,
    /// Of a month and a seat.
    cents: u32,
    /// Whether the product is of use to them.
    fits: bool,
}

impl Nature {
    fn draw(random: &mut Random) -> Self {
        Self {
            sessions_per_day: random.log_normal(0.7, 0.6).clamp(0.1, 4.0),
            hour: random.between(8.0, 18.0),
            seats: random.whole(1, 12),
            yearly: random.chance(0.2),
            cents: [900, 1_900, 3_900][random.whole(0, 2) as usize],
            fits: random.chance(0.7),
        }
    }
}

/// Something that will happen on a later day.
#[derive(Debug)]
struct FollowUp {
    day: u32,
    what: What,
    grief: f64,
}

#[derive(Debug)]
pub(super) struct Account {
    trail: Trail,
    random: Random,
    nature: Nature,
    joined_day: u32,
    is_new: bool,
    is_trial: bool,
    has_small_plan: bool,
    activated: bool,
    /// 1 in normal times, falling while declining.
    engagement: f64,
    declining: bool,
    grief: f64,
    /// The first day that is not paid for.
    paid_until: u32,
    failed_payments: u32,
    follow_ups: Vec<FollowUp>,
    churn_ms: Option<i64>,
}

impl Account {
    pub(super) fn new(number: u32, params: &Params) -> Self {
        let mut random = Random::new(params.seed, u64::from(number) + 1);
        let nature = Nature::draw(&mut random);
        let is_new = random.chance(0.5);
        let span = if is_new {
            params.days * 4 / 5
        } else {
            (params.days / 6).min(21)
        };
        let joined_day = random
            .whole(0, span.max(1))
            .min(params.days.saturating_sub(1));
        Self {
            trail: Trail::new(number),
            random,
            nature,
            joined_day,
            is_new,
            is_trial: is_new,
            has_small_plan: false,
            activated: !is_new,
            engagement: 1.0,
            declining: false,
            grief: 0.0,
            paid_until: 0,
            failed_payments: 0,
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
        if day.number == self.joined_day {
            self.begin(day, out);
        } else {
            self.feel();
            self.think_of_leaving(day, out);
            self.bill(day, out);
        }
        if self.churn_ms.is_none() {
            self.follow_up(day, out);
            self.work(day, out);
        }
    }

    fn begin(&mut self, day: Day, out: &mut Vec<Event>) {
        let at = self.start_session(day);
        if !self.is_new {
            // A contract from before the log: some of its period is gone.
            let left = self.random.whole(1, self.period_days());
            self.paid_until = day.number + left;
            let terms = self.terms(day);
            self.emit(at, What::SubscriptionStart(terms), out);
            return;
        }
        let source = ["search", "social", "referral", "partner"][self.random.whole(0, 3) as usize];
        let at = self.emit(at, What::SignUp { source }, out);
        self.paid_until = day.number + TRIAL_DAYS;
        let terms = self.terms(day);
        self.emit(at, What::SubscriptionStart(terms), out);
    }

    /// Moves the mood by a day.
    fn feel(&mut self) {
        self.grief *= GRIEF_KEPT;
        if self.declining {
            self.engagement *= ENGAGEMENT_KEPT;
            if self.random.chance(0.012) {
                (self.declining, self.engagement) = (false, 1.0);
            }
        } else {
            let unfit = if self.nature.fits { 1.0 } else { 3.0 };
            let chance = DECLINE_PER_DAY * unfit * libm::exp(1.5 * self.grief);
            self.declining = self.random.chance(chance.min(0.5));
        }
    }

    fn think_of_leaving(&mut self, day: Day, out: &mut Vec<Event>) {
        let mut hazard = LEAVE_PER_DAY * libm::exp(2.0 * self.grief);
        if self.declining {
            hazard *= 8.0;
        }
        if self.paid_until.saturating_sub(day.number) <= 7 {
            hazard *= 4.0;
        }
        if self.random.chance(hazard.min(0.5)) {
            let reason = match (self.grief > 0.8, self.declining) {
                (true, _) => "bad_service",
                (false, true) => "too_little_use",
                (false, false) => "too_expensive",
            };
            self.leave(day, (reason, true), out);
        }
    }

    fn leave(&mut self, day: Day, (reason, voluntary): (&'static str, bool), out: &mut Vec<Event>) {
        let at = day.from_ms + i64::from(self.random.whole(3_600, 86_000)) * 1_000;
        self.trail.begin_session();
        self.emit(at, What::SubscriptionCancel { reason, voluntary }, out);
        self.churn_ms = Some(at);
    }

    /// The end of what is paid for.
    fn bill(&mut self, day: Day, out: &mut Vec<Event>) {
        if self.churn_ms.is_some() || day.number < self.paid_until {
            return;
        }
        if self.is_trial {
            let stays = if self.activated {
                0.8 * self.engagement
            } else {
                0.12
            };
            if !self.random.chance(stays) {
                return self.leave(day, ("trial_ended", true), out);
            }
            self.is_trial = false;
            return self.pay(day, What::SubscriptionChange, out);
        }
        if self
            .random
            .chance(if self.failed_payments > 0 { 0.35 } else { 0.03 })
        {
            self.failed_payments += 1;
            let cents = self.price();
            let at = self.start_session(day);
            self.emit(at, What::PaymentFailed { cents }, out);
            if self.failed_payments == 3 {
                return self.leave(day, ("payment_failed", false), out);
            }
            self.paid_until = day.number + RETRY_DAYS;
            return;
        }
        self.failed_payments = 0;
        let smaller = self.declining && !self.has_small_plan && self.random.chance(0.4);
        if smaller {
            self.has_small_plan = true;
            return self.pay(day, What::SubscriptionChange, out);
        }
        self.pay(day, What::SubscriptionRenew, out);
    }

    fn pay(&mut self, day: Day, what: fn(Terms) -> What, out: &mut Vec<Event>) {
        self.paid_until = day.number + self.period_days();
        let at = self.start_session(day);
        let terms = self.terms(day);
        let at = self.emit(at, what(terms), out);
        // The paid invoice: what a contract event names is the price of the plan, not money that came in.
        let (cents, items) = (terms.cents, terms.seats);
        self.emit(at, What::Purchase { cents, items }, out);
    }

    fn follow_up(&mut self, day: Day, out: &mut Vec<Event>) {
        let due = |follow: &mut FollowUp| follow.day <= day.number;
        let due: Vec<FollowUp> = self.follow_ups.extract_if(.., due).collect();
        for next in due {
            self.grief = (self.grief + next.grief).clamp(0.0, 4.0);
            let at = self.start_session(day);
            self.emit(at, next.what, out);
        }
    }

    /// Sets it up, uses it, and now and then runs into trouble.
    fn work(&mut self, day: Day, out: &mut Vec<Event>) {
        if !self.activated
            && self
                .random
                .chance(if self.nature.fits { 0.3 } else { 0.04 })
        {
            self.activated = true;
            let mut at = self.start_session(day);
            at = self.emit(at, What::Activate, out);
            if self.random.chance(0.5) {
                let integration = ["crm", "mail", "billing"][self.random.whole(0, 2) as usize];
                self.emit(at, What::IntegrationConnected { integration }, out);
            }
        }
        let fit = if self.nature.fits { 1.0 } else { 0.4 };
        let set_up = if self.activated { 1.0 } else { 0.3 };
        let pace = self.nature.sessions_per_day * self.engagement * fit * set_up;
        for _ in 0..self.random.poisson(pace).min(6) {
            self.session(day, out);
        }
        if day.number % 14 == 3 && self.random.chance(0.15 * self.engagement) {
            let at = self.start_session(day);
            let attended = self.random.chance(0.6);
            self.emit(at, What::Webinar { attended }, out);
        }
    }

    fn session(&mut self, day: Day, out: &mut Vec<Event>) {
        let mut at = self.start_session(day);
        at = self.emit(at, What::Login, out);
        for _ in 0..self.random.whole(1, 4) {
            let feature = ["board", "search", "export", "import", "share"];
            let feature = feature[self.random.whole(0, 4) as usize];
            at = self.emit(at, What::FeatureUse { feature }, out);
        }
        if self.random.chance(0.12) {
            at = self.emit(at, What::ReportSeen, out);
        }
        if self.random.chance(0.12 * day.failures) {
            self.trouble(at, day, out);
        }
    }

    fn trouble(&mut self, at: i64, day: Day, out: &mut Vec<Event>) {
        let channel = ["chat", "phone", "mail"][self.random.whole(0, 2) as usize];
        let ticket = |priority| What::SupportContact { priority, channel };
        self.grief = (self.grief + 0.9).min(4.0);
        self.emit(at, ticket("high"), out);
        let days = self.random.whole(1, 4);
        if self.random.chance(0.6) {
            self.plan(day.number + days, What::SupportResolved, -0.7);
        } else {
            self.plan(day.number + days + 1, ticket("urgent"), 0.7);
        }
        if self.random.chance(0.25) {
            let score = self.random.whole(0, 7);
            self.plan(day.number + days + 2, What::SurveyResponse { score }, 0.0);
        }
    }

    fn plan(&mut self, day: u32, what: What, grief: f64) {
        self.follow_ups.push(FollowUp { day, what, grief });
    }

    fn period_days(&self) -> u32 {
        if self.nature.yearly { 365 } else { 30 }
    }

    /// Of one period.
    fn price(&self) -> u32 {
        let seats = if self.has_small_plan {
            1
        } else {
            self.nature.seats
        };
        let months = if self.nature.yearly { 12 } else { 1 };
        self.nature.cents * seats * months
    }

    fn terms(&self, day: Day) -> Terms {
        let days = i64::from(self.paid_until) - i64::from(day.number);
        Terms {
            plan: match (self.is_trial, self.has_small_plan) {
                (true, _) => "trial",
                (false, true) => "small",
                (false, false) => "team",
            },
            period: if self.nature.yearly { "year" } else { "month" },
            cents: if self.is_trial { 0 } else { self.price() },
            seats: if self.has_small_plan {
                1
            } else {
                self.nature.seats
            },
            period_end: day.from_ms + days * DAY_MS,
        }
    }

    fn start_session(&mut self, day: Day) -> i64 {
        self.trail
            .start_session(&mut self.random, self.nature.hour, day)
    }

    fn emit(&mut self, ts: i64, what: What, out: &mut Vec<Event>) -> i64 {
        self.trail.emit(&mut self.random, ts, what, out)
    }
}
