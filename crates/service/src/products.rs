//! `holdfast products`: a catalogue learnt from orders.
//!
//! Products are those that `purchase` events name in `items` (or as `product_id` of the event itself, whose amount is then
//! the price), with the category and the price that were said last by time; a category may come from `product_view` events
//! too. An order that comes twice counts once, one in another currency than the shop's or of a customer who was erased
//! counts not at all. Each is written on a line of its own: what it costs, in how many orders it was, what was bought with it. Whoever
//! knows what is sold out, back, or cheaper adds that to the file.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;
use holdfast_events::{Currency, CurrencyRule, Decoder, Details, Event, EventType, Outcome};
use holdfast_playbook::{Baskets, Product};

use crate::config;
use crate::generate::Output;
use crate::records::each;
use crate::study::Source;

/// What to write where.
#[derive(Debug, Clone)]
pub struct Args {
    /// Events, one a line; may be `.gz`, or `-` for stdin.
    pub events: PathBuf,
    /// The catalogue; may be `.gz`, or `-` for stdout.
    pub out: PathBuf,
    /// Pairs that are counted at a time.
    pub pairs: usize,
}

/// What became of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Products in the catalogue.
    pub products: u64,
    /// Orders that name a product.
    pub orders: u64,
    /// By how much a count of orders with both may be too small.
    pub missed: u32,
}

/// What was said of a product, and when that was.
#[derive(Debug, Default)]
struct Known {
    category: (i64, String),
    price: (i64, i64),
}

/// Products and orders of a log.
#[derive(Debug, Default)]
struct Shop {
    known: BTreeMap<String, Known>,
    orders: Vec<Order>,
    /// Hashes of the ids of purchases.
    seen: HashSet<u64>,
    currencies: BTreeSet<String>,
}

/// What a customer bought at once.
#[derive(Debug)]
struct Order {
    customer: String,
    products: Vec<String>,
}

/// A product in one event: id, category, price in minor units.
type Named<'a> = (&'a str, Option<&'a str>, Option<i64>);

fn named<'a>(details: &'a Details<'_>, amount: Option<i64>, exponent: u8) -> Vec<Named<'a>> {
    let items = details.items.iter().flat_map(|goods| &goods.list);
    let of_items = items.filter_map(|item| {
        let price = item.price.as_ref().and_then(|price| price.minor(exponent));
        Some((item.product_id.as_deref()?, item.category.as_deref(), price))
    });
    let mut all: Vec<Named<'a>> = of_items.collect();
    if let (true, Some(id)) = (all.is_empty(), details.product_id.as_deref()) {
        all.push((id, details.category.as_deref(), amount));
    }
    all
}

impl Shop {
    fn learn(&mut self, ts: i64, (id, category, price): Named<'_>) {
        let known = self.known.entry(id.to_owned()).or_default();
        // Of two at one instant the greater, so that the order of lines makes no difference.
        if let Some(category) = category {
            let said = (ts, category.to_owned());
            known.category = std::mem::take(&mut known.category).max(said);
        }
        if let Some(price) = price {
            known.price = known.price.max((ts, price));
        }
    }

    fn hear(&mut self, event: &Event<'_>, named: &[Named<'_>]) {
        let is_order = event.kind == EventType::Purchase;
        if is_order && !self.seen.insert(event.id_hash()) {
            return;
        }
        for (id, category, price) in named {
            self.learn(event.ts, (id, *category, price.filter(|_| is_order)));
        }
        if is_order && !named.is_empty() {
            let currency = event.currency.map(|currency| currency.to_string());
            self.currencies.extend(currency);
            self.orders.push(Order {
                customer: event.customer_id.to_string(),
                products: named.iter().map(|(id, ..)| (*id).to_owned()).collect(),
            });
        }
    }

    fn forget(&mut self, customer: &str) {
        self.orders.retain(|order| order.customer != customer);
    }

    fn baskets(&self, pairs: usize) -> Baskets {
        let mut baskets = Baskets::new(pairs);
        let bought = self.orders.iter().flat_map(|order| &order.products);
        let bought: BTreeSet<&String> = bought.collect();
        for (id, known) in self.known.iter().filter(|(id, _)| bought.contains(id)) {
            let product = Product {
                category: known.category.1.clone(),
                minor: known.price.1,
            };
            baskets.stock(id, product);
        }
        for order in &self.orders {
            let order: Vec<&str> = order.products.iter().map(String::as_str).collect();
            baskets.order(&order);
        }
        baskets
    }
}

/// Writes the catalogue of a log.
///
/// # Errors
/// If a file cannot be read or written, or no order names a product.
pub fn products(args: &Args, config: &config::Settings) -> anyhow::Result<Summary> {
    let source = Source::new(args.events.clone(), config, None)?;
    let currency = source.currency;
    let decoder = Decoder::new(source.decoding);
    let mut shop = Shop::default();
    each(&args.events, |record| {
        let event = match decoder.decode(record) {
            Outcome::Event(event) => event,
            Outcome::Erase { customer_id, .. } => {
                shop.forget(&customer_id);
                return Ok(());
            }
            Outcome::Rejected(_) => return Ok(()),
        };
        let is_own = match (currency, event.currency) {
            (CurrencyRule::Only(own), Some(other)) => own == other,
            _ => true,
        };
        if !is_own || !matches!(event.kind, EventType::Purchase | EventType::ProductView) {
            return Ok(());
        }
        let exponent = match currency {
            CurrencyRule::Any => event
                .currency
                .map_or(currency.exponent(), Currency::exponent),
            _ => currency.exponent(),
        };
        let details = decoder.details(record).unwrap_or_default();
        shop.hear(&event, &named(&details, event.minor, exponent));
        Ok(())
    })?;
    if shop.currencies.len() > 1 && currency == CurrencyRule::Any {
        let named: Vec<String> = shop.currencies.into_iter().collect();
        anyhow::bail!(
            "prices are in {}: say which one counts as [money] currency",
            named.join(", ")
        );
    }
    anyhow::ensure!(
        !shop.orders.is_empty(),
        "no purchase in {} names a product: a catalogue is learnt from `items` with `product_id`, `category` and `price`",
        args.events.display()
    );
    let baskets = shop.baskets(args.pairs);
    let wares = baskets.wares();
    let mut out = Output::create(&args.out)?;
    for ware in &wares {
        serde_json::to_writer(&mut out, ware)?;
        out.write_all(b"\n")?;
    }
    let finished = out.finish();
    finished.with_context(|| format!("cannot write {}", args.out.display()))?;
    Ok(Summary {
        products: wares.len() as u64,
        orders: shop.orders.len() as u64,
        missed: baskets.most_missed(),
    })
}
