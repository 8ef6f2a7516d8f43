//! Visits of a shop as event lines on stdout, `customer<TAB>json`: `visits CUSTOMERS`. See `holdfast_benches::visits`.

use std::io::{BufWriter, Write, stdout};

use holdfast_benches::{customer_id, line, visits};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let customers = std::env::args().nth(1).ok_or("how many customers?")?;
    let mut out = BufWriter::with_capacity(1 << 20, stdout().lock());
    for step in visits(customers.parse()?) {
        writeln!(out, "{}\t{}", customer_id(step.customer), line(&step))?;
    }
    out.flush()?;
    Ok(())
}
