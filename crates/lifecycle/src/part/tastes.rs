//! What a customer is after, and where it belongs: products bought, looked at and wished for; account, region, version
//! of the application.
//!
//! | what | of which events | how much is kept |
//! | --- | --- | --- |
//! | account, region, application | `sign_up`, `login`, `session_start`, `profile_update`, `feature_use`, `activate`, `purchase` and what contracts do, where it says `account_id`, `region`, `app_version` | the newest of each |
//! | bought | `purchase`: `items`, `product_id` | the last [`GOODS`] products |
//! | viewed | `product_view`, `page_view` with a `product_id` | the same |
//! | wished | `wishlist_add` | the same |
//! | referrals | `referral` | how many |
//!
//! Products are kept by the hash of their ids, and only where somebody has a catalogue to look them up in
//! ([`goods_are_kept`](crate::Settings::goods_are_kept)): a customer of whom nothing of that is known costs nothing, one
//! product about 11 bytes. What is newest is so by its time, so the order in which events come makes no difference to it.

use holdfast_events::{Details, EventType};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::part::{Out, Part, Want, Whom};
use crate::profile::Profile;
use crate::table::{AnyTable, Packed};
use crate::tracker::Seen;

/// Products that are kept of each kind.
pub const GOODS: usize = 8;
/// Longer texts are not kept, bytes.
const LONGEST: usize = 128;

/// What is known of a customer's tastes, as of now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tastes {
    /// The account (company, household) that the customer belongs to.
    pub account: Option<String>,
    /// Region or country.
    pub region: Option<String>,
    /// Version of the application in use.
    pub app_version: Option<String>,
    /// Hashes ([`product_hash`]) of the last products bought, the newest last.
    pub bought: Vec<u32>,
    /// The same of products looked at.
    pub viewed: Vec<u32>,
    /// The same of products wished for and not bought since; wishes older than all of the last eight products bought are
    /// left out.
    pub wished: Vec<u32>,
    /// How often the customer has recommended the business to somebody.
    pub referrals: u32,
}

/// By what a product is known here: the low half of XXH3 of its id.
#[must_use]
pub fn product_hash(id: &str) -> u32 {
    xxh3_64(id.as_bytes()) as u32
}

/// A text, and when it was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Said {
    at: i64,
    text: Box<str>,
}

/// Products, each when it was last met; by time, then hash.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Goods(Vec<(i64, u32)>);

impl Goods {
    fn add(&mut self, at: i64, hash: u32) {
        if let Some(place) = self.0.iter().position(|(_, known)| *known == hash) {
            if self.0[place].0 >= at {
                return;
            }
            self.0.remove(place);
        }
        let place = self.0.partition_point(|known| *known < (at, hash));
        self.0.insert(place, (at, hash));
        if self.0.len() > GOODS {
            self.0.remove(0);
        }
    }

    fn hashes(&self) -> Vec<u32> {
        self.0.iter().map(|(_, hash)| *hash).collect()
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Row {
    account: Option<Said>,
    region: Option<Said>,
    app_version: Option<Said>,
    bought: Goods,
    viewed: Goods,
    wished: Goods,
    referrals: u32,
}

fn say(place: &mut Option<Said>, at: i64, text: Option<&str>) {
    let Some(text) = text.filter(|text| !text.is_empty() && text.len() <= LONGEST) else {
        return;
    };
    // Of two at one instant the greater, whichever comes first.
    if place
        .as_ref()
        .is_none_or(|said| (said.at, &*said.text) < (at, text))
    {
        *place = Some(Said {
            at,
            text: text.into(),
        });
    }
}

/// The part.
#[derive(Debug, Clone)]
pub struct Desires {
    rows: Packed<Row>,
    goods_are_kept: bool,
}

impl Default for Desires {
    fn default() -> Self {
        Self {
            rows: Packed::new("tastes"),
            goods_are_kept: false,
        }
    }
}

/// Whether such events may say who the customer is, beside what they are about.
fn tells_of_person(kind: EventType) -> bool {
    use EventType as E;
    kind.is_subscription()
        || matches!(
            kind,
            E::SignUp
                | E::ProfileUpdate
                | E::Login
                | E::SessionStart
                | E::FeatureUse
                | E::Activate
                | E::Purchase
        )
}

/// Ids of the products that an event names.
fn products<'a>(details: &'a Details<'_>) -> impl Iterator<Item = &'a str> {
    let items = details.items.iter().flat_map(|goods| &goods.list);
    let items = items.filter_map(|item| item.product_id.as_deref());
    items.chain(details.product_id.as_deref())
}

impl Desires {
    /// Whether products are of interest to anybody from here on.
    pub(crate) fn keep_goods(&mut self, kept: bool) {
        self.goods_are_kept = kept;
    }
}

impl Part for Desires {
    fn wants(&self, kind: EventType) -> Want {
        use EventType as E;
        match kind {
            E::Purchase if self.goods_are_kept => {
                Want::Fields(&["account_id", "region", "app_version", "items", "product_id"])
            }
            kind if tells_of_person(kind) => Want::Fields(&["account_id", "region", "app_version"]),
            E::Referral => Want::Event,
            E::WishlistAdd if self.goods_are_kept => Want::Fields(&["items", "product_id"]),
            E::PageView | E::ProductView if self.goods_are_kept => Want::Fields(&["product_id"]),
            _ => Want::Nothing,
        }
    }

    fn seen(&mut self, whom: &Whom<'_>, seen: &Seen<'_>, _: &mut Out<'_>) {
        if seen.kind == EventType::Referral {
            let mut row = self.rows.get(whom.ix);
            row.referrals = row.referrals.saturating_add(1);
            return self.rows.set(whom.ix, &row);
        }
        let Some(details) = seen.details else {
            return;
        };
        let mut row = self.rows.get(whom.ix);
        if tells_of_person(seen.kind) {
            say(&mut row.account, seen.ts, details.account_id.as_deref());
            say(&mut row.region, seen.ts, details.region.as_deref());
            say(
                &mut row.app_version,
                seen.ts,
                details.app_version.as_deref(),
            );
        }
        let goods = match seen.kind {
            EventType::Purchase => Some(&mut row.bought),
            EventType::WishlistAdd => Some(&mut row.wished),
            EventType::PageView | EventType::ProductView => Some(&mut row.viewed),
            _ => None,
        };
        if let Some(goods) = goods.filter(|_| self.goods_are_kept) {
            products(details).for_each(|id| goods.add(seen.ts, product_hash(id)));
        }
        self.rows.set(whom.ix, &row);
    }

    fn next(&self, _: &Whom<'_>) -> Option<i64> {
        None
    }

    fn fire(&mut self, _: &Whom<'_>, _: i64, _: &mut Out<'_>) {}

    fn describe(&self, whom: &Whom<'_>, _: i64, profile: &mut Profile) {
        let row = self.rows.get(whom.ix);
        let text = |said: Option<Said>| said.map(|said| said.text.into_string());
        let bought = &row.bought.0;
        let is_open = |(at, hash): &&(i64, u32)| {
            let had = bought.iter().find(|(_, known)| known == hash);
            // What was bought before the last eight is not known any more.
            let is_known = bought.len() < GOODS || bought[0].0 < *at;
            is_known && had.is_none_or(|(then, _)| then < at)
        };
        let wished = row.wished.0.iter().filter(is_open);
        profile.tastes = Tastes {
            wished: wished.map(|(_, hash)| *hash).collect(),
            bought: row.bought.hashes(),
            viewed: row.viewed.hashes(),
            account: text(row.account),
            region: text(row.region),
            app_version: text(row.app_version),
            referrals: row.referrals,
        };
    }

    fn tables(&self) -> Vec<&dyn AnyTable> {
        vec![&self.rows]
    }

    fn tables_mut(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![&mut self.rows]
    }
}
