//! A made-up event and its canonical JSON.

use std::fmt::Write as _;

use super::trail::customer_id;

/// One event, before it has an id (ids number the events in the order of arrival).
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When it reaches the log; the order of the file.
    pub(super) arrival: i64,
    pub(super) customer: u32,
    /// Running number of the customer's own events; makes the order total.
    pub(super) seq: u32,
    pub(super) ts: i64,
    pub(super) session: u32,
    pub(super) what: What,
}

/// What happened, with what only that type carries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum What {
    SignUp {
        source: &'static str,
    },
    PageView {
        load_ms: u32,
    },
    ProductView {
        load_ms: u32,
    },
    Search,
    CartAdd {
        cents: u32,
    },
    CartRemove {
        cents: u32,
    },
    CartAbandon {
        cents: u32,
    },
    CheckoutStart {
        cents: u32,
        clicks: u32,
        saved_payment: bool,
    },
    Purchase {
        cents: u32,
        items: u32,
    },
    Refund {
        cents: u32,
    },
    OrderDelivered {
        late_days: u32,
    },
    SupportContact {
        priority: &'static str,
        channel: &'static str,
    },
    SupportResolved,
    AccountClosed,
    SurveyResponse {
        score: u32,
    },
    Review {
        score: u32,
    },
    EmailOpen {
        campaign: u32,
    },
    CampaignClicked {
        campaign: u32,
    },
    SubscriptionStart(Terms),
    SubscriptionRenew(Terms),
    SubscriptionChange(Terms),
    SubscriptionCancel {
        reason: &'static str,
        voluntary: bool,
    },
    PaymentFailed {
        cents: u32,
    },
    Login,
    Activate,
    FeatureUse {
        feature: &'static str,
    },
    IntegrationConnected {
        integration: &'static str,
    },
    ReportSeen,
    Webinar {
        attended: bool,
    },
}

/// What a contract says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Terms {
    pub(super) plan: &'static str,
    pub(super) period: &'static str,
    /// Of one period.
    pub(super) cents: u32,
    pub(super) seats: u32,
    pub(super) period_end: i64,
}

impl What {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::SignUp { .. } => "sign_up",
            Self::PageView { .. } => "page_view",
            Self::ProductView { .. } => "product_view",
            Self::Search => "search",
            Self::CartAdd { .. } => "cart_add",
            Self::CartRemove { .. } => "cart_remove",
            Self::CartAbandon { .. } => "cart_abandon",
            Self::CheckoutStart { .. } => "checkout_start",
            Self::Purchase { .. } => "purchase",
            Self::Refund { .. } => "refund",
            Self::OrderDelivered { .. } => "order_delivered",
            Self::SupportContact { .. } => "support_contact",
            Self::SupportResolved => "support_resolved",
            Self::AccountClosed => "account_closed",
            Self::SurveyResponse { .. } => "survey_response",
            Self::Review { .. } => "review",
            Self::EmailOpen { .. } => "email_open",
            Self::CampaignClicked { .. } => "campaign_clicked",
            Self::SubscriptionStart(_) => "subscription_start",
            Self::SubscriptionRenew(_) => "subscription_renew",
            Self::SubscriptionChange(_) => "subscription_change",
            Self::SubscriptionCancel { .. } => "subscription_cancel",
            Self::PaymentFailed { .. } => "payment_failed",
            Self::Login => "login",
            Self::Activate => "activate",
            Self::FeatureUse { .. } => "feature_use",
            Self::IntegrationConnected { .. } => "integration_connected",
            Self::ReportSeen => "report_seen",
            Self::Webinar { .. } => "webinar",
        }
    }
}

impl Event {
    /// When it happened, ms UTC.
    pub fn ts(&self) -> i64 {
        self.ts
    }

    /// When it reaches the log, ms UTC.
    pub fn arrival(&self) -> i64 {
        self.arrival
    }

    pub fn customer_id(&self) -> String {
        customer_id(self.customer)
    }

    /// The type's name.
    pub fn kind(&self) -> &'static str {
        self.what.name()
    }

    /// The id of the event with this number.
    pub fn id(&self, number: u64) -> String {
        format!("e{number:010}")
    }

    /// Appends the canonical form as the event with this number, without a line end.
    pub fn write_json(&self, number: u64, out: &mut Vec<u8>) {
        let mut text = String::with_capacity(224);
        self.format(number, &mut text);
        out.extend_from_slice(text.as_bytes());
    }

    fn format(&self, number: u64, out: &mut String) {
        let (id, name) = (customer_id(self.customer), self.what.name());
        // Writing to a String cannot fail.
        let mut put = |args: std::fmt::Arguments<'_>| out.write_fmt(args).unwrap_or_default();
        put(format_args!(
            "{{\"event_id\":\"e{number:010}\",\"customer_id\":\"{id}\",\"type\":\"{name}\",\"ts\":{}",
            self.ts
        ));
        self.particulars(&mut put);
        put(format_args!(
            ",\"session_id\":\"s{:07}-{}\"}}",
            self.customer, self.session
        ));
    }
    /// What only this type carries.
    fn particulars(&self, put: &mut dyn FnMut(std::fmt::Arguments<'_>)) {
        match self.what {
            What::CartAdd { cents }
            | What::CartRemove { cents }
            | What::CartAbandon { cents }
            | What::Refund { cents }
            | What::PaymentFailed { cents } => put(format_args!("{}", Money(cents))),
            What::CheckoutStart {
                cents,
                clicks,
                saved_payment,
            } => {
                put(format_args!("{}", Money(cents)));
                put(format_args!(
                    ",\"clicks\":{clicks},\"saved_payment\":{saved_payment}"
                ));
            }
            What::Purchase { cents, items } => {
                put(format_args!("{}", Money(cents)));
                put(format_args!(
                    ",\"order_id\":\"o{:07}-{}\",\"items\":{items}",
                    self.customer, self.seq
                ));
            }
            What::SignUp { source } => put(format_args!(",\"source\":\"{source}\"")),
            What::PageView { load_ms } | What::ProductView { load_ms } => {
                put(format_args!(",\"load_ms\":{load_ms}"));
            }
            What::OrderDelivered { late_days } => put(format_args!(",\"late_days\":{late_days}")),
            What::SupportContact { priority, channel } => {
                put(format_args!(
                    ",\"priority\":\"{priority}\",\"channel\":\"{channel}\",\"bot\":false"
                ));
            }
            What::SurveyResponse { score } => {
                put(format_args!(",\"kind\":\"nps\",\"score\":{score}"))
            }
            What::Review { score } => put(format_args!(",\"score\":{score}")),
            What::EmailOpen { campaign } | What::CampaignClicked { campaign } => {
                put(format_args!(
                    ",\"campaign_id\":\"w{campaign:03}\",\"channel\":\"email\""
                ));
            }
            _ => self.contract(put),
        }
    }

    /// The same of the types that contracts and use bring.
    fn contract(&self, put: &mut dyn FnMut(std::fmt::Arguments<'_>)) {
        match self.what {
            What::SubscriptionStart(terms)
            | What::SubscriptionRenew(terms)
            | What::SubscriptionChange(terms) => {
                put(format_args!("{}", Money(terms.cents)));
                put(format_args!(
                    ",\"subscription_id\":\"s{:07}\",\"plan\":\"{}\",\"period\":\"{}\",\"seats\":{},\"period_end\":{}",
                    self.customer, terms.plan, terms.period, terms.seats, terms.period_end
                ));
            }
            What::SubscriptionCancel { reason, voluntary } => put(format_args!(
                ",\"subscription_id\":\"s{:07}\",\"reason\":\"{reason}\",\"voluntary\":{voluntary}",
                self.customer
            )),
            What::FeatureUse { feature } => put(format_args!(",\"feature\":\"{feature}\"")),
            What::IntegrationConnected { integration } => {
                put(format_args!(",\"integration\":\"{integration}\""));
            }
            What::Webinar { attended } => put(format_args!(",\"attended\":{attended}")),
            _ => {} // nothing beside
        }
    }
}

struct Money(u32);

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            ",\"amount\":{}.{:02},\"currency\":\"EUR\"",
            self.0 / 100,
            self.0 % 100
        )
    }
}
