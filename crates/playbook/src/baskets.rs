//! Which products go with which, and what that suggests to one customer.
//!
//! | suggestion | from what | what |
//! | --- | --- | --- |
//! | cross-sell | an order | what others bought with it: a complement from another category |
//! | up-sell | an order | the next dearer product of the same category |
//! | bundle | a product looked at | it, together with its complement |
//! | affinity | the category looked at and bought most | what is bought most there |
//!
//! Pairs are counted in bounded space by the rule of Misra and Gries ("Finding repeated elements", 1982): a new pair
//! that finds no room takes one from every count. A count is then too small by at most [`Baskets::most_missed`], never
//! too large, and any pair bought more often than that is still there.

use std::collections::{BTreeMap, BTreeSet};

/// A product as the shop has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// What it belongs to.
    pub category: String,
    /// What it costs, in minor units of the shop's currency.
    pub minor: i64,
}

/// What the customers of a shop bought, in short.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baskets {
    products: BTreeMap<String, Product>,
    orders: BTreeMap<String, u32>,
    /// The lesser name first.
    pairs: BTreeMap<(String, String), u32>,
    most_pairs: usize,
    most_missed: u32,
}

/// What one customer bought and looked at, the newest last.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tastes<'a> {
    /// Products, each time they were bought.
    pub bought: &'a [&'a str],
    /// Products, each time they were looked at.
    pub viewed: &'a [&'a str],
}

/// What kind of suggestion it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion<'a> {
    /// What kind.
    pub kind: SuggestionKind,
    /// The products: two of a bundle, else one.
    pub products: Vec<&'a str>,
    /// Why, in plain words.
    pub reason: String,
}

/// Two products go together from so many orders on.
const FEWEST_TOGETHER: u32 = 3;
/// A dearer product is at most this many times as dear: beyond that it is another need.
const MOST_DEARER: i64 = 3;
/// Buying says as much about taste as looking so many times.
const A_PURCHASE_IN_VIEWS: u32 = 3;

impl Baskets {
    /// Holds counts of at most `most_pairs` pairs.
    #[must_use]
    pub fn new(most_pairs: usize) -> Self {
        Self {
            most_pairs,
            ..Self::default()
        }
    }

    /// Makes a product known, or known anew at another price.
    pub fn stock(&mut self, name: &str, product: Product) {
        self.products.insert(name.to_owned(), product);
    }

    /// Counts an order. Products that are not known are left out, a product twice counts once.
    pub fn order(&mut self, products: &[&str]) {
        let known = products
            .iter()
            .filter(|name| self.products.contains_key(**name));
        let distinct: Vec<&str> = known
            .copied()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        for (place, first) in distinct.iter().enumerate() {
            *self.orders.entry((*first).to_owned()).or_default() += 1;
            for second in &distinct[place + 1..] {
                self.pair((*first).to_owned(), (*second).to_owned());
            }
        }
    }

    fn pair(&mut self, first: String, second: String) {
        let key = (first, second);
        if let Some(count) = self.pairs.get_mut(&key) {
            *count += 1;
        } else if self.pairs.len() < self.most_pairs {
            self.pairs.insert(key, 1);
        } else {
            self.most_missed += 1;
            self.pairs.retain(|_, count| {
                *count -= 1;
                *count > 0
            });
        }
    }

    /// By how much the count of any pair may be too small.
    #[must_use]
    pub fn most_missed(&self) -> u32 {
        self.most_missed
    }

    /// In how many orders both were, as far as that is known.
    #[must_use]
    pub fn together(&self, one: &str, other: &str) -> u32 {
        let (first, second) = if one < other {
            (one, other)
        } else {
            (other, one)
        };
        let key = (first.to_owned(), second.to_owned());
        self.pairs.get(&key).copied().unwrap_or(0)
    }

    /// What suits the customer, at most one of each kind: first what completes the last order, then a dearer one, then
    /// something looked at with its complement, then what is bought most in the customer's category. Nothing that the
    /// customer has is suggested.
    #[must_use]
    pub fn suggest(&self, tastes: Tastes<'_>) -> Vec<Suggestion<'_>> {
        let cross = self.cross_sell(tastes);
        let up = self.up_sell(tastes);
        let bundle = self.bundle(tastes);
        let affinity = self.affinity(tastes);
        [cross, up, bundle, affinity]
            .into_iter()
            .flatten()
            .collect()
    }

    /// The product of another category that was bought most often with `name`, and how often.
    fn complement(&self, name: &str, tastes: Tastes<'_>) -> Option<(&str, u32)> {
        let own = self.products.get(name)?;
        let others = self.products.iter().filter(|(other, product)| {
            product.category != own.category && !tastes.bought.contains(&other.as_str())
        });
        others
            .map(|(other, _)| (other.as_str(), self.together(name, other)))
            .filter(|(_, together)| *together >= FEWEST_TOGETHER)
            // Of equal ones the first by name.
            .max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(a.0)))
    }

    fn cross_sell(&self, tastes: Tastes<'_>) -> Option<Suggestion<'_>> {
        let last = *tastes.bought.last()?;
        let (complement, together) = self.complement(last, tastes)?;
        Some(Suggestion {
            kind: SuggestionKind::CrossSell,
            products: vec![complement],
            reason: format!("bought with {last} in {together} orders"),
        })
    }

    fn up_sell(&self, tastes: Tastes<'_>) -> Option<Suggestion<'_>> {
        let last = *tastes.bought.last()?;
        let own = self.products.get(last)?;
        let dearer = self.products.iter().filter(|(name, product)| {
            product.category == own.category
                && product.minor > own.minor
                && product.minor <= own.minor.saturating_mul(MOST_DEARER)
                && !tastes.bought.contains(&name.as_str())
        });
        let (name, _) = dearer.min_by_key(|(name, product)| (product.minor, *name))?;
        Some(Suggestion {
            kind: SuggestionKind::UpSell,
            products: vec![name],
            reason: format!("the next dearer one to {last} in {}", own.category),
        })
    }

    fn bundle(&self, tastes: Tastes<'_>) -> Option<Suggestion<'_>> {
        let last = tastes
            .viewed
            .iter()
            .rev()
            .find(|name| !tastes.bought.contains(name))?;
        let (viewed, _) = self.products.get_key_value(*last)?;
        let (complement, together) = self.complement(last, tastes)?;
        Some(Suggestion {
            kind: SuggestionKind::Bundle,
            products: vec![viewed, complement],
            reason: format!("looked at {last}; both were bought together in {together} orders"),
        })
    }

    fn affinity(&self, tastes: Tastes<'_>) -> Option<Suggestion<'_>> {
        let category = self.top_category(tastes)?;
        let of_category = self.products.iter().filter(|(name, product)| {
            product.category == category && !tastes.bought.contains(&name.as_str())
        });
        let (name, orders) = of_category
            .map(|(name, _)| (name.as_str(), self.orders.get(name).copied().unwrap_or(0)))
            .filter(|(_, orders)| *orders > 0)
            .max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(a.0)))?;
        Some(Suggestion {
            kind: SuggestionKind::Affinity,
            products: vec![name],
            reason: format!("in {orders} orders, and {category} is what this customer looks for"),
        })
    }

    /// The category that was looked at and bought most, a purchase counting as three looks; of equal ones the first by
    /// name.
    #[must_use]
    pub fn top_category(&self, tastes: Tastes<'_>) -> Option<&str> {
        let mut weights: BTreeMap<&str, u32> = BTreeMap::new();
        for (names, weight) in [(tastes.bought, A_PURCHASE_IN_VIEWS), (tastes.viewed, 1)] {
            for product in names.iter().filter_map(|name| self.products.get(*name)) {
                *weights.entry(&product.category).or_default() += weight;
            }
        }
        let top = weights
            .into_iter()
            .max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(a.0)))?;
        Some(top.0)
    }
}
