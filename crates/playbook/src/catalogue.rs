//! What a shop sells, and what of it suits one customer.
//!
//! | suggestion | from what | what |
//! | --- | --- | --- |
//! | cross-sell | the last order | what others bought with it: a complement from another category |
//! | up-sell | the last order | the next dearer product of the same category |
//! | bundle | a product looked at, else one wished for | it, together with its complement |
//! | affinity | the category looked at and bought most | what is bought most there |
//!
//! A catalogue is a text with a JSON object on each line, a [`Ware`] each. What goes with what is learnt from orders
//! ([`crate::Baskets`]) before, so that what is suggested depends on nothing but the customer and this text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::facts::Facts;
use crate::fault::{Fault, Faults};

/// A product.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ware {
    /// Its id in events.
    pub product_id: String,
    /// What it belongs to; empty where that is not known.
    #[serde(default)]
    pub category: String,
    /// What it costs, minor units.
    #[serde(rename = "price_minor")]
    pub minor: i64,
    /// What it cost before, minor units, where it has become cheaper.
    #[serde(
        default,
        rename = "price_before_minor",
        skip_serializing_if = "Option::is_none"
    )]
    pub before: Option<i64>,
    /// Whether it can be bought now.
    #[serde(default = "there", skip_serializing_if = "is_there")]
    pub in_stock: bool,
    /// Since when it is there again, ms UTC, where it was sold out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restocked_at: Option<i64>,
    /// In how many orders it was.
    #[serde(default)]
    pub orders: u32,
    /// What was bought with it, of other categories, and in how many orders; most often first.
    #[serde(default)]
    pub with: Vec<(String, u32)>,
}

fn there() -> bool {
    true
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands out references"
)]
fn is_there(in_stock: &bool) -> bool {
    *in_stock
}

/// What one customer bought, looked at and wishes for: hashes of products, the newest last.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tastes<'a> {
    /// Products bought.
    pub bought: &'a [u32],
    /// Products looked at.
    pub viewed: &'a [u32],
    /// Products wished for.
    pub wished: &'a [u32],
}

/// What kind of suggestion it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SuggestionKind {
    /// A complement of what was bought.
    CrossSell,
    /// A dearer one of the same category.
    UpSell,
    /// Something looked at, with its complement.
    Bundle,
    /// What is bought most in the customer's category.
    Affinity,
}

/// A suggestion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// What kind.
    pub kind: SuggestionKind,
    /// The products: two of a bundle, else one.
    pub products: Vec<String>,
    /// Why, in plain words.
    pub reason: String,
}

/// A dearer product is at most this many times as dear: beyond that it is another need.
const MOST_DEARER: i64 = 3;
/// Buying says as much about taste as looking so many times.
const A_PURCHASE_IN_VIEWS: u32 = 3;
/// For so long it is news that a product is there again, ms.
const NEWS_MS: i64 = 14 * 86_400_000;

/// All products.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalogue {
    wares: Vec<Ware>,
    /// Two of one hash are both unknown: better than one taken for the other.
    by_hash: BTreeMap<u32, usize>,
    by_id: BTreeMap<String, usize>,
    /// Places of each category's products by price, then id.
    by_price: BTreeMap<String, Vec<usize>>,
}

impl Ware {
    fn category(&self) -> Option<&str> {
        Some(&*self.category).filter(|category| !category.is_empty())
    }
}

impl Catalogue {
    /// A catalogue of these products; `hash` is how customers' tastes tell them apart. Of two with one id the last counts.
    #[must_use]
    pub fn new(wares: Vec<Ware>, hash: fn(&str) -> u32) -> Self {
        let mut last: BTreeMap<String, Ware> = BTreeMap::new();
        for ware in wares {
            last.insert(ware.product_id.clone(), ware);
        }
        let wares: Vec<Ware> = last.into_values().collect();
        let mut found: BTreeMap<u32, Option<usize>> = BTreeMap::new();
        let mut by_price: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (place, ware) in wares.iter().enumerate() {
            let same = found.entry(hash(&ware.product_id));
            same.and_modify(|place| *place = None)
                .or_insert(Some(place));
            if let Some(category) = ware.category() {
                let of = by_price.entry(category.to_owned());
                of.or_default().push(place);
            }
        }
        for places in by_price.values_mut() {
            places.sort_by_key(|place| (wares[*place].minor, *place));
        }
        let ids = wares.iter().enumerate();
        Self {
            by_hash: found
                .into_iter()
                .filter_map(|(hash, place)| Some((hash, place?)))
                .collect(),
            by_id: ids
                .map(|(place, ware)| (ware.product_id.clone(), place))
                .collect(),
            by_price,
            wares,
        }
    }

    /// Reads a catalogue; empty lines are left out.
    ///
    /// # Errors
    /// With every line that is no product.
    pub fn parse(text: &str, hash: fn(&str) -> u32) -> Result<Self, Faults> {
        let (mut wares, mut list) = (Vec::new(), Vec::new());
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim().is_empty() {
                continue;
            }
            match serde_json::from_str(line) {
                Ok(ware) => wares.push(ware),
                Err(fault) => list.push(Fault {
                    line: number,
                    place: String::new(),
                    message: fault.to_string(),
                }),
            }
        }
        match list.is_empty() {
            true => Ok(Self::new(wares, hash)),
            false => Err(Faults {
                of: "catalogue",
                list,
            }),
        }
    }

    /// Its products by id.
    #[must_use]
    pub fn wares(&self) -> &[Ware] {
        &self.wares
    }

    fn known<'a>(&'a self, hashes: &[u32]) -> impl DoubleEndedIterator<Item = &'a Ware> {
        let places = hashes.iter().filter_map(|hash| self.by_hash.get(hash));
        places.map(|place| &self.wares[*place])
    }

    /// What suits the customer, at most one of each kind: first what completes the last order, then a dearer one, then
    /// something looked at with its complement, then what is bought most in the customer's category. Nothing that the
    /// customer has, and nothing that is sold out, is suggested.
    #[must_use]
    pub fn suggest(&self, tastes: Tastes<'_>) -> Vec<Suggestion> {
        let bought: Vec<&str> = self
            .known(tastes.bought)
            .map(|ware| &*ware.product_id)
            .collect();
        let fits = |ware: &Ware| ware.in_stock && !bought.contains(&&*ware.product_id);
        let last = self.known(tastes.bought).next_back();
        let cross = last.and_then(|last| self.cross_sell(last, &fits));
        let up = last.and_then(|last| self.up_sell(last, &fits));
        let viewed = self.known(tastes.viewed).rev();
        let viewed = viewed.map(|ware| (ware, "looked at"));
        let wished = self.known(tastes.wished).rev();
        let wanted = viewed.chain(wished.map(|ware| (ware, "wished for")));
        let mut wanted = wanted.filter(|(ware, _)| fits(ware));
        let bundle = wanted.find_map(|(ware, how)| self.bundle((ware, how), &fits));
        let affinity = self
            .top_category(tastes)
            .and_then(|of| self.affinity(of, &fits));
        [cross, up, bundle, affinity]
            .into_iter()
            .flatten()
            .collect()
    }

    /// The product that was bought most often with another one and fits.
    fn complement(&self, of: &Ware, fits: &dyn Fn(&Ware) -> bool) -> Option<(&Ware, u32)> {
        of.with.iter().find_map(|(id, together)| {
            let ware = &self.wares[*self.by_id.get(id)?];
            fits(ware).then_some((ware, *together))
        })
    }

    fn cross_sell(&self, last: &Ware, fits: &dyn Fn(&Ware) -> bool) -> Option<Suggestion> {
        let (complement, together) = self.complement(last, fits)?;
        Some(Suggestion {
            kind: SuggestionKind::CrossSell,
            products: vec![complement.product_id.clone()],
            reason: format!("bought with {} in {together} orders", last.product_id),
        })
    }

    fn up_sell(&self, last: &Ware, fits: &dyn Fn(&Ware) -> bool) -> Option<Suggestion> {
        let places = self.by_price.get(&last.category)?;
        let from = places.partition_point(|place| self.wares[*place].minor <= last.minor);
        let dearer = places[from..].iter().map(|place| &self.wares[*place]);
        let most = last.minor.saturating_mul(MOST_DEARER);
        let next = dearer
            .take_while(|ware| ware.minor <= most)
            .find(|ware| fits(ware))?;
        Some(Suggestion {
            kind: SuggestionKind::UpSell,
            products: vec![next.product_id.clone()],
            reason: format!(
                "the next dearer one to {} in {}",
                last.product_id, last.category
            ),
        })
    }

    fn bundle(
        &self,
        (wanted, how): (&Ware, &str),
        fits: &dyn Fn(&Ware) -> bool,
    ) -> Option<Suggestion> {
        let (complement, together) = self.complement(wanted, fits)?;
        let name = &wanted.product_id;
        Some(Suggestion {
            kind: SuggestionKind::Bundle,
            products: vec![name.clone(), complement.product_id.clone()],
            reason: format!("{how} {name}; both were bought together in {together} orders"),
        })
    }

    fn affinity(&self, category: &str, fits: &dyn Fn(&Ware) -> bool) -> Option<Suggestion> {
        let places = self.by_price.get(category)?;
        let wares = places.iter().map(|place| &self.wares[*place]);
        let best = wares
            .filter(|ware| ware.orders > 0 && fits(ware))
            // Of equal ones the first by name.
            .max_by(|a, b| {
                a.orders
                    .cmp(&b.orders)
                    .then_with(|| b.product_id.cmp(&a.product_id))
            })?;
        let orders = best.orders;
        Some(Suggestion {
            kind: SuggestionKind::Affinity,
            products: vec![best.product_id.clone()],
            reason: format!("in {orders} orders, and {category} is what this customer looks for"),
        })
    }

    /// The category that was looked at and bought most, a purchase counting as three looks and a wish as one; of equal
    /// ones the first by name.
    #[must_use]
    pub fn top_category(&self, tastes: Tastes<'_>) -> Option<&str> {
        let mut weights: BTreeMap<&str, u32> = BTreeMap::new();
        for (hashes, weight) in [
            (tastes.bought, A_PURCHASE_IN_VIEWS),
            (tastes.viewed, 1),
            (tastes.wished, 1),
        ] {
            for category in self.known(hashes).filter_map(Ware::category) {
                *weights.entry(category).or_default() += weight;
            }
        }
        let top = weights
            .into_iter()
            .max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(a.0)))?;
        Some(top.0)
    }

    /// Sets what rules may ask of a customer with these tastes as of an instant, ms UTC.
    pub fn tell(&self, tastes: Tastes<'_>, as_of: i64, facts: &mut Facts) {
        let last = self.known(tastes.bought).next_back();
        let category = last.and_then(Ware::category);
        facts.last_category = category.map(str::to_owned);
        facts.top_category = self.top_category(tastes).map(str::to_owned);
        facts.wishlist = Some(tastes.wished.len() as f64);
        let bought = tastes.bought;
        let looked_for = tastes.viewed.iter().chain(tastes.wished);
        let looked_for: Vec<u32> = looked_for
            .filter(|hash| !bought.contains(hash))
            .copied()
            .collect();
        let is_there = |ware: &&Ware| ware.in_stock;
        let is_back = |at: i64| (0..NEWS_MS).contains(&as_of.saturating_sub(at));
        let mut wanted = self.known(&looked_for).filter(is_there);
        facts.back_in_stock = Some(wanted.any(|ware| ware.restocked_at.is_some_and(is_back)));
        let mut wanted = self.known(&looked_for).filter(is_there);
        let is_cheaper = |ware: &Ware| ware.before.is_some_and(|before| before > ware.minor);
        facts.on_sale = Some(wanted.any(is_cheaper));
    }
}
