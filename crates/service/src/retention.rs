//! `holdfast report`: an event file as retention figures.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`load`] | the file as compact rows, with counts of what was left out |
//! | [`ahead`] | what customers are expected to bring |
//! | [`history`] | those rows, and each customer's in turn |
//! | [`moves`] | who is in which segment, and who moved between them |
//! | [`said`] | what single types of event say beside, as far as a figure needs it |
//! | [`returning`] | the list of returning customers |
//! | [`mod@table`] | the figures as text |

mod ahead;
mod history;
mod load;
mod moves;
mod returning;
pub(crate) mod said;
mod table;

use holdfast_model::Model;
use holdfast_playbook::{Prior, PriorKind, Priors};
use holdfast_reports::{Abandons, Calendar, Figures, Goal, Goods, Partials, Period, Terms, goal};
use jiff::tz::TimeZone;
use serde::Serialize;

pub use ahead::Expected;
pub use load::Read;
pub use returning::Returning;
pub use table::table;

use crate::config::OwnCuts;
use crate::study::{Error, Source};
use ahead::Buyers;
use moves::Walk;

/// A where no model names a horizon.
const ALIVE_DAYS: u32 = 90;

/// What is asked for.
#[derive(Debug)]
pub struct Request<'a> {
    pub source: Source,
    pub model: Option<&'a Model>,
    pub period: Period,
    pub zone: TimeZone,
    pub alive_days: Option<u32>,
    /// Cut points of segments that win over the model's.
    pub cuts: OwnCuts,
    /// How long a customer stays in a segment at least, ms.
    pub dwell_ms: i64,
    /// A retention rate that is wanted, in percent, and what is sold.
    pub goal: Option<(f64, Goods)>,
    /// Quoted figures, some of them the reader's own.
    pub priors: &'a Priors,
}

/// What `--json` writes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Of all amounts; "ignore" where they were summed as they are, none where none was named.
    pub currency: Option<String>,
    pub read: Read,
    #[serde(flatten)]
    pub figures: Figures,
    /// What buyers are expected to bring; none where there is too little to tell it from.
    pub expected_value: Option<Expected>,
    pub goal: Option<Goal>,
    pub priors: Vec<Quoted>,
}

/// A figure that is often quoted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quoted {
    pub name: &'static str,
    pub low: f64,
    pub high: f64,
    /// `times`, `percent` (of a whole) or `percent_more` (than without).
    pub unit: &'static str,
    pub says: &'static str,
    pub source: &'static str,
    /// Whether the range is the reader's own.
    pub overridden: bool,
}

impl Quoted {
    fn new(prior: &Prior) -> Self {
        Self {
            name: prior.name,
            low: prior.range.low,
            high: prior.range.high,
            unit: match prior.kind {
                PriorKind::Factor => "times",
                PriorKind::Absolute => "percent",
                PriorKind::Relative => "percent_more",
            },
            says: prior.about,
            source: if prior.is_own {
                "your own"
            } else {
                prior.source
            },
            overridden: prior.is_own,
        }
    }
}

/// The figures, and who came back.
#[derive(Debug)]
pub struct Found {
    pub report: Report,
    pub returning: Vec<Returning>,
}

/// Reads the file and makes the figures; `at` is told how many bytes (unpacked) have been read.
///
/// # Errors
/// Those of the file ([`Error::Read`], [`Error::MixedCurrency`], no event at all), of a configuration that contradicts
/// the model.
pub fn report(request: &Request<'_>, at: impl FnMut(u64)) -> Result<Found, Error> {
    let source = match request.model {
        Some(model) => request.source.for_model(model)?,
        None => request.source.clone(),
    };
    let mut log = load::load(&source, at)?;
    let calendar = Calendar::over(request.period, &request.zone, log.span_ms).map_err(setting)?;
    let of_model = request.model.map(|model| model.label().horizon_days);
    let mut partials = Partials::new(Terms {
        calendar,
        alive_days: request.alive_days.or(of_model).unwrap_or(ALIVE_DAYS),
        exponent: log.exponent,
        abandons: match source.carts() {
            holdfast_features::CartAbandon::Derived { after_ms } => Abandons::Derived { after_ms },
            holdfast_features::CartAbandon::Given => Abandons::Given,
        },
    });
    let mut returning = Vec::new();
    let mut buyers = Buyers::new(log.span_ms.1, log.exponent);
    let mut walk = Walk::new(request, log.exponent);
    log.read.duplicates = log.history.each(source.dedupe, |id, customer| {
        partials.add(customer);
        buyers.add(customer);
        walk.follow(id, customer);
        returning.extend(Returning::of(id, customer, log.exponent));
    });
    returning.sort_by(|a, b| b.orders.cmp(&a.orders).then_with(|| a.id.cmp(&b.id)));
    let moves = walk.end(log.span_ms.1);
    let figures = Figures::of(&partials, &moves).map_err(setting)?;
    let goal = request
        .goal
        .map(|(wanted, goods)| goal::check(wanted, goods, base(&figures)));
    Ok(Found {
        report: Report {
            currency: log.currency,
            read: log.read,
            figures,
            expected_value: buyers.expected(request.model),
            goal,
            priors: request.priors.iter().map(Quoted::new).collect(),
        },
        returning,
    })
}

/// Of the newest whole period with customers at its start: how many stayed, of how many.
fn base(figures: &Figures) -> (u64, u64) {
    let mut whole = figures.periods.iter().rev().filter(|p| p.complete);
    let period = whole.find(|p| p.customers_start > 0);
    period.map_or((0, 0), |p| (p.customers_start - p.lost, p.customers_start))
}

fn setting(error: holdfast_reports::Error) -> Error {
    Error::Setting(error.to_string())
}
