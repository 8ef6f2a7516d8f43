//! What a rule may know of a customer beside the features: tickets, dates, wishes, the contract.
//!
//! Each is optional. A condition on a fact that is not known does not hold, whatever it asks for: nobody is
//! sent a birthday greeting because a birthday is missing.

/// A fact's value, borrowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FactValue<'a> {
    /// A count, an amount in major units, days, or a share.
    Number(f64),
    /// Whether it is so.
    Flag(bool),
    /// A word, compared as it is.
    Text(&'a str),
}

/// What kind of value a fact has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactKind {
    /// See [`FactValue::Number`].
    Number,
    /// See [`FactValue::Flag`].
    Flag,
    /// See [`FactValue::Text`].
    Text,
}

macro_rules! facts {
    (
        numbers { $($number:ident $Number:ident $about_number:literal,)* }
        flags { $($flag:ident $Flag:ident $about_flag:literal,)* }
        texts { $($text:ident $Text:ident $about_text:literal,)* }
    ) => {
        /// What is known of one customer as of the instant of a decision.
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct Facts {
            $(#[doc = concat!("The ", $about_number, ".")] pub $number: Option<f64>,)*
            $(#[doc = concat!("Whether ", $about_flag, ".")] pub $flag: Option<bool>,)*
            $(#[doc = concat!("The ", $about_text, ".")] pub $text: Option<String>,)*
        }

        /// The name of a fact.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fact {
            $(#[doc = concat!("See [`Facts::", stringify!($number), "`].")] $Number,)*
            $(#[doc = concat!("See [`Facts::", stringify!($flag), "`].")] $Flag,)*
            $(#[doc = concat!("See [`Facts::", stringify!($text), "`].")] $Text,)*
        }

        impl Fact {
            /// Every fact.
            pub const ALL: &'static [Self] =
                &[$(Self::$Number,)* $(Self::$Flag,)* $(Self::$Text,)*];

            /// The word in rule tables.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$Number => stringify!($number),)*
                    $(Self::$Flag => stringify!($flag),)*
                    $(Self::$Text => stringify!($text),)*
                }
            }

            /// What it is, in words that go behind "the" (numbers, texts) or "whether" (flags).
            #[must_use]
            pub fn about(self) -> &'static str {
                match self {
                    $(Self::$Number => $about_number,)*
                    $(Self::$Flag => $about_flag,)*
                    $(Self::$Text => $about_text,)*
                }
            }

            /// What kind of value it has.
            #[must_use]
            pub fn kind(self) -> FactKind {
                match self {
                    $(Self::$Number => FactKind::Number,)*
                    $(Self::$Flag => FactKind::Flag,)*
                    $(Self::$Text => FactKind::Text,)*
                }
            }
        }

        impl Facts {
            /// The value of a fact; none where it is not known.
            #[must_use]
            pub fn get(&self, fact: Fact) -> Option<FactValue<'_>> {
                match fact {
                    $(Fact::$Number => self.$number.map(FactValue::Number),)*
                    $(Fact::$Flag => self.$flag.map(FactValue::Flag),)*
                    $(Fact::$Text => self.$text.as_deref().map(FactValue::Text),)*
                }
            }

            /// Sets a fact; a value of another kind than [`Fact::kind`] changes nothing and gives false.
            pub fn set(&mut self, fact: Fact, value: FactValue<'_>) -> bool {
                match (fact, value) {
                    $((Fact::$Number, FactValue::Number(x)) => self.$number = Some(x),)*
                    $((Fact::$Flag, FactValue::Flag(is)) => self.$flag = Some(is),)*
                    $((Fact::$Text, FactValue::Text(text)) => self.$text = Some(text.to_owned()),)*
                    _ => return false,
                }
                true
            }
        }
    };
}

facts! {
    numbers {
        open_tickets OpenTickets "number of tickets that are open",
        unresolved_days UnresolvedDays "days since the oldest open ticket was opened",
        late_delivery LateDelivery "days by which the last delivery came late",
        returns Returns "number of orders sent back so far",
        orders Orders "number of orders so far",
        birthday_in_days BirthdayInDays "days until the next birthday",
        anniversary_in_days AnniversaryInDays "days until the yearly day of the first order",
        special_day_in_days SpecialDayInDays "days until the next day that the shop celebrates",
        points Points "number of points that can be redeemed",
        cart_open_value CartOpenValue "value of the open cart, in major units",
        wishlist Wishlist "number of products on the wish list",
        renewal_in_days RenewalInDays "days until the contract renews or ends",
        tickets_per_order TicketsPerOrder "number of tickets by orders",
        orders_without_message OrdersWithoutMessage "number of the last four orders that no message followed in time",
        bad_mentions BadMentions "days of the last 30 with a bad mention or review",
        bad_mails BadMails "days of the last 30 with a mail by the customer that was not content",
        slow_pages SlowPages "days of the last 30 with a page that took long to load",
        engagement_kinds EngagementKinds "number of kinds of engagement in the last 30 days: post, share, contest, comment, content read",
    }
    flags {
        slow_reply SlowReply "an open ticket has had no answer by a person in time",
        low_use LowUse "the product is used less than half as often in the last 30 days as before",
        back_in_stock BackInStock "a product that was looked for is in stock again",
        on_sale OnSale "a product that was looked at has become cheaper",
        app_version_old AppVersionOld "the application in use is an old version",
        trial Trial "a trial runs",
        has_subscription HasSubscription "a subscription runs",
        reviewed Reviewed "the last order has been rated",
        detractor Detractor "the last answer to how likely one is to recommend was below 7 of 10",
        asked_but_silent AskedButSilent "a survey was sent and not answered in two weeks",
        business_quiet BusinessQuiet "the business has not written since the customer's last act",
    }
    texts {
        top_category TopCategory "category looked at and bought most",
        last_category LastCategory "category bought last",
        region Region "country or region",
    }
}

impl Fact {
    /// The fact of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|fact| fact.name() == name)
    }
}
