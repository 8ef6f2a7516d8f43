//! The list of returning customers: who ordered more than once.

use std::io::{self, Write};

use holdfast_events::EventType;
use holdfast_reports::{Act, Customer};

use crate::study::score::field;

/// A customer with two orders or more.
#[derive(Debug, Clone, PartialEq)]
pub struct Returning {
    pub id: String,
    pub orders: u64,
    pub first_order_ms: i64,
    pub last_order_ms: i64,
    /// Purchases less refunds, major units.
    pub spent: f64,
}

impl Returning {
    /// None for who has ordered once or never.
    pub(super) fn of(id: &str, customer: &Customer<'_>, exponent: u8) -> Option<Self> {
        let bought = |kind| kind == EventType::Purchase;
        let orders = customer.acts.iter().filter(|act| bought(act.kind));
        let (first, last) = (orders.clone().next()?, orders.clone().next_back()?);
        let count = orders.count() as u64;
        let minor: i64 = customer.acts.iter().map(Act::revenue).sum();
        (count > 1).then(|| Self {
            id: id.to_owned(),
            orders: count,
            first_order_ms: first.ts,
            last_order_ms: last.ts,
            spent: minor as f64 / 10_f64.powi(i32::from(exponent)),
        })
    }

    /// Writes them as CSV.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_csv(rows: &[Self], out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "customer_id,orders,first_order_ms,last_order_ms,net_spend"
        )?;
        for row in rows {
            writeln!(
                out,
                "{},{},{},{},{}",
                field(&row.id),
                row.orders,
                row.first_order_ms,
                row.last_order_ms,
                row.spent
            )?;
        }
        Ok(())
    }
}
