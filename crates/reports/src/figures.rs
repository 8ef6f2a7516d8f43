//! The figures: what `holdfast report --json` writes.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::activation::ActivationFigures;
use crate::calendar::Period;
use crate::campaigns::{CampaignFigures, ReasonCount};
use crate::checkout::CheckoutFigures;
use crate::cohorts::CohortFigures;
use crate::error::Error;
use crate::feedback::{FeedbackFigures, NpsFigures};
use crate::forecast::{self, Backtest, Forecast};
use crate::funnel::FunnelStep;
use crate::mails::CartMailFigures;
use crate::moves::{Moves, Transition};
use crate::orders::{OrderCount, SecondPurchase};
use crate::partials::Partials;
use crate::periods::PeriodFigures;
use crate::rate::Money;
use crate::service::ServiceFigures;
use crate::value::ValueFigures;

/// All figures of a report. Rates are percentages, money is in major units, and what has no base is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// How long a period is.
    pub period: Period,
    /// The time zone of the periods.
    pub time_zone: String,
    /// A: for how many days a purchase makes a customer.
    pub alive_days: u32,
    /// The first event, ms UTC.
    pub first_ms: i64,
    /// The last event, ms UTC.
    pub last_ms: i64,
    /// Everybody with an event.
    pub people: u64,
    /// The periods, oldest first.
    pub periods: Vec<PeriodFigures>,
    /// Who stays of those who came together.
    pub cohorts: CohortFigures,
    /// Customers in each segment.
    pub segments: BTreeMap<String, u64>,
    /// Moves between segments.
    pub transitions: Vec<Transition>,
    /// How far customers get.
    pub funnel: Vec<FunnelStep>,
    /// What they do after a click on the mail about a cart.
    pub cart_mails: CartMailFigures,
    /// How their checkouts go.
    pub checkout: CheckoutFigures,
    /// What customers are worth.
    pub value: ValueFigures,
    /// Whether they would recommend the shop.
    pub nps: NpsFigures,
    /// Other opinions.
    pub feedback: FeedbackFigures,
    /// Tickets, deliveries, returns.
    pub service: ServiceFigures,
    /// Customers by their number of orders.
    pub returning_customers: Vec<OrderCount>,
    /// The time to the second order.
    pub second_purchase: SecondPurchase,
    /// The way from the sign-up to first value.
    pub activation: ActivationFigures,
    /// Why contracts and accounts ended.
    pub reasons: Vec<ReasonCount>,
    /// What campaigns brought and kept.
    pub campaigns: Vec<CampaignFigures>,
    /// The next periods; empty where there are too few to learn from.
    pub forecast: Vec<Forecast>,
    /// How the forecast would have done in the past; one entry per series that is forecast.
    pub forecast_backtest: BTreeMap<String, Backtest>,
}

impl Figures {
    /// The figures of all customers.
    ///
    /// # Errors
    /// [`Error::OutsideCalendar`] where the periods to forecast lie beyond the calendar.
    pub fn of(partials: &Partials, moves: &Moves) -> Result<Self, Error> {
        let terms = &partials.terms;
        let money = Money::new(terms.exponent);
        let (first_ms, last_ms) = terms.calendar.events_ms();
        let periods = partials.periods.figures(terms);
        let (forecast, forecast_backtest) = forecast::of(&periods, terms)?;
        Ok(Self {
            period: terms.calendar.period(),
            time_zone: terms.calendar.zone_name().to_owned(),
            alive_days: terms.alive_days,
            first_ms,
            last_ms,
            people: partials.customers,
            cohorts: partials.cohorts.figures(terms),
            segments: moves.sizes.clone(),
            transitions: moves.transitions(),
            funnel: partials.funnel.figures(),
            cart_mails: partials.mails.figures(),
            checkout: partials.checkouts.figures(),
            value: partials.value.figures(money),
            nps: partials.feedback.nps(),
            feedback: partials.feedback.figures(),
            service: partials.service.figures(partials.orders.total()),
            returning_customers: partials.orders.by_count(),
            second_purchase: partials.orders.second(money),
            activation: partials.activation.figures(),
            reasons: partials.campaigns.reasons(),
            campaigns: partials.campaigns.figures(money),
            periods,
            forecast,
            forecast_backtest,
        })
    }

    /// The newest period that the events cover wholly, else the newest one.
    #[must_use]
    pub fn newest(&self) -> Option<&PeriodFigures> {
        let mut back = self.periods.iter().rev();
        back.clone().find(|p| p.complete).or_else(|| back.next())
    }
}
