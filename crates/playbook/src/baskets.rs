//! Which products go with which, learnt from orders.
//!
//! Pairs are counted in bounded space by the rule of Misra and Gries ("Finding repeated elements", 1982): a new pair
//! that finds no room takes one from every count. A count is then too small by at most [`Baskets::most_missed`], never
//! too large, and any pair bought more often than that is still there.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::Ware;

/// A product as the shop has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// What it belongs to; empty where that is not known.
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

/// Two products go together from so many orders on.
const FEWEST_TOGETHER: u32 = 3;
/// So many products are kept of those that go with one.
const MOST_WITH: usize = 5;

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

    /// What was learnt, to be looked up customer by customer. A product that was never bought is there too.
    #[must_use]
    pub fn wares(&self) -> Vec<Ware> {
        let mut with: BTreeMap<&str, Vec<(u32, &str)>> = BTreeMap::new();
        for ((first, second), together) in &self.pairs {
            let (one, other) = (self.category(first), self.category(second));
            if *together >= FEWEST_TOGETHER && (one.is_none() || one != other) {
                with.entry(first).or_default().push((*together, second));
                with.entry(second).or_default().push((*together, first));
            }
        }
        let ware = |(name, product): (&String, &Product)| {
            let mut with = with.remove(name.as_str()).unwrap_or_default();
            // Of equal ones the first by name.
            with.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
            with.truncate(MOST_WITH);
            Ware {
                product_id: name.clone(),
                category: product.category.clone(),
                minor: product.minor,
                orders: self.orders.get(name).copied().unwrap_or(0),
                in_stock: true,
                with: with.into_iter().map(|(n, id)| (id.to_owned(), n)).collect(),
                ..Ware::default()
            }
        };
        self.products.iter().map(ware).collect()
    }

    /// None where it is not known.
    fn category(&self, name: &str) -> Option<&str> {
        let category = &*self.products.get(name)?.category;
        Some(category).filter(|category| !category.is_empty())
    }
}
