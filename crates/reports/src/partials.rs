//! Sums over some customers, from which figures are made.

use crate::act::Customer;
use crate::activation::Activation;
use crate::campaigns::Campaigns;
use crate::checkout::Checkouts;
use crate::cohorts::Cohorts;
use crate::error::Error;
use crate::feedback::Feedback;
use crate::funnel::Funnel;
use crate::mails::CartMails;
use crate::orders::Orders;
use crate::periods::Periods;
use crate::service::Service;
use crate::terms::Terms;
use crate::value::Value;

/// Sums over some customers. Those of other customers add to them, in any order and however they were split: the
/// figures are the same.
///
/// Counts are integers and money is minor units, so nothing depends on the order of additions; what has a median is
/// kept as the list of its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Partials {
    pub(crate) terms: Terms,
    pub(crate) customers: u64,
    pub(crate) periods: Periods,
    pub(crate) cohorts: Cohorts,
    pub(crate) funnel: Funnel,
    pub(crate) mails: CartMails,
    pub(crate) checkouts: Checkouts,
    pub(crate) orders: Orders,
    pub(crate) activation: Activation,
    pub(crate) value: Value,
    pub(crate) service: Service,
    pub(crate) feedback: Feedback,
    pub(crate) campaigns: Campaigns,
}

impl Partials {
    /// Of nobody yet.
    #[must_use]
    pub fn new(terms: Terms) -> Self {
        Self {
            periods: Periods::new(terms.calendar.periods().len()),
            terms,
            customers: 0,
            cohorts: Cohorts::default(),
            funnel: Funnel::default(),
            mails: CartMails::default(),
            checkouts: Checkouts::default(),
            orders: Orders::default(),
            activation: Activation::default(),
            value: Value::default(),
            service: Service::default(),
            feedback: Feedback::default(),
            campaigns: Campaigns::default(),
        }
    }

    /// Adds one customer with their whole history, sorted by time. Nobody may be added twice.
    pub fn add(&mut self, customer: &Customer<'_>) {
        if customer.acts.is_empty() {
            return;
        }
        self.customers += 1;
        self.periods.fold(customer, &self.terms);
        self.cohorts.fold(customer, &self.terms);
        self.funnel.fold(customer);
        self.mails.fold(customer, &self.terms);
        self.checkouts.fold(customer, &self.terms);
        self.orders.fold(customer, &self.terms);
        self.activation.fold(customer, &self.terms);
        self.value.fold(customer, &self.terms);
        self.service.fold(customer, &self.terms);
        self.feedback.fold(customer);
        self.campaigns.fold(customer);
    }

    /// Adds the sums over other customers.
    ///
    /// # Errors
    /// [`Error::Unlike`] where theirs were made under other terms.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        if self.terms != other.terms {
            return Err(Error::Unlike);
        }
        self.customers += other.customers;
        self.periods.merge(&other.periods);
        self.cohorts.merge(&other.cohorts);
        self.funnel.merge(&other.funnel);
        self.mails.merge(&other.mails);
        self.checkouts.merge(&other.checkouts);
        self.orders.merge(&other.orders);
        self.activation.merge(&other.activation);
        self.value.merge(&other.value);
        self.service.merge(&other.service);
        self.feedback.merge(&other.feedback);
        self.campaigns.merge(&other.campaigns);
        Ok(())
    }
}
