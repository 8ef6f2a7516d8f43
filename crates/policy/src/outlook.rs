//! Which comparisons hold for a customer, and until when, if nothing happens.

use holdfast_features::{Ix, Store};
use holdfast_model::{Label, LabelKind};

use crate::episode::{Open, Record};
use crate::settings::{HardChurn, Mode, Settings};
use crate::solve::Limits;

/// The model's label as the policy needs it. Durations in ms.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) horizon_ms: i64,
    /// The named event that is the label, if it is one.
    pub(crate) named: Option<HardChurn>,
    label: Label,
}

impl Terms {
    pub(crate) fn new(label: &Label) -> Self {
        Self {
            horizon_ms: label.horizon_ms(),
            named: match &label.kind {
                LabelKind::Event(name) => Some(HardChurn::new(name)),
                LabelKind::Purchase | LabelKind::Any => None,
            },
            label: label.clone(),
        }
    }

    /// When the customer last did what the label watches; for a named event: anything.
    fn last_activity(&self, store: &Store, ix: Ix) -> Option<i64> {
        match self.label.kind {
            LabelKind::Purchase => store.last_purchase(ix),
            LabelKind::Any | LabelKind::Event(_) => store.last_event(ix),
        }
    }

    /// The last instant at which the customer belongs to the population, if nothing happens.
    fn member_to(&self, store: &Store, ix: Ix) -> Option<i64> {
        match self.label.member_until(store, ix)? {
            i64::MAX => Some(i64::MAX),
            until => Some(until - 1),
        }
    }
}

/// What comes when the outlook ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    /// Nothing.
    Never,
    /// One of the customer's timers.
    Timer,
    /// The open episode's end without activity.
    Lapse,
    /// The customer's last contract is over.
    Leave,
    /// Other comparisons hold from that instant on: the end of a cool-down or of a dwell time.
    Change,
}

/// What holds for the instants after some instant and before `until`, events absent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Outlook {
    /// Reaching one of these is a decision ...
    pub(crate) limits: Limits,
    /// ... up to and with this instant, where the population's rule ends.
    pub(crate) last: i64,
    /// The first instant at which something else holds; `i64::MAX` for never. May lie in the past for a timer that
    /// was set by an event dated back.
    pub(crate) until: i64,
    pub(crate) edge: Edge,
}

impl Outlook {
    const QUIET: Self = Self {
        limits: Limits::NONE,
        last: i64::MAX,
        until: i64::MAX,
        edge: Edge::Never,
    };

    /// The customer's own timer and nothing else.
    pub(crate) fn of_timers(store: &Store, ix: Ix) -> Self {
        let mut outlook = Self::QUIET;
        if let Some(timer) = store.next_timer(ix) {
            outlook.edge_at(timer, Edge::Timer);
        }
        outlook
    }

    /// Whether the score matters at `now`.
    pub(crate) fn compares(&self, now: i64) -> bool {
        !self.limits.is_none() && now <= self.last
    }

    /// The last instant up to which the score can lead to a decision under this outlook.
    pub(crate) fn reach(&self) -> i64 {
        self.last.min(self.until.saturating_sub(1))
    }

    /// The earlier edge wins; of equal ones the one that is there already.
    pub(crate) fn edge_at(&mut self, until: i64, edge: Edge) {
        if until < self.until {
            (self.until, self.edge) = (until, edge);
        }
    }
}

/// What holds after `after` (and at it, but for edges), by the rules of the mode.
///
/// Of edges at one instant a timer comes before a lapse, a lapse before a change.
pub(crate) fn outlook(
    settings: &Settings,
    terms: &Terms,
    (store, ix): (&Store, Ix),
    record: Option<&Record>,
    after: i64,
) -> Outlook {
    let mut outlook = Outlook::of_timers(store, ix);
    if settings.mode == Mode::Plain {
        if store.last_purchase(ix).is_some() {
            wait_or_open(settings, record, after, &mut outlook);
        }
        return outlook;
    }
    let activity = terms.last_activity(store, ix);
    match record.and_then(|record| record.open) {
        Some(open) => {
            outlook.edge_at(lapses_at(terms, open, activity), Edge::Lapse);
            while_open(settings, open, after, &mut outlook);
        }
        None => {
            let quiet = record.is_some_and(|r| {
                r.gone || activity.unwrap_or(i64::MIN) <= r.quiet_since && r.quiet_since > i64::MIN
            });
            let Some(last) = terms
                .member_to(store, ix)
                .filter(|last| !quiet && after <= *last)
            else {
                return outlook;
            };
            outlook.last = last;
            wait_or_open(settings, record, after, &mut outlook);
        }
    }
    outlook
}

/// An episode (or a plain alert) may open, unless the cool-down is still on.
fn wait_or_open(settings: &Settings, record: Option<&Record>, after: i64, outlook: &mut Outlook) {
    let closed_at = record.map_or(i64::MIN, |record| record.closed_at);
    let cool_at = if closed_at == i64::MIN {
        i64::MIN
    } else {
        closed_at.saturating_add(settings.cooldown_ms)
    };
    if cool_at > after {
        if settings.silence {
            outlook.edge_at(cool_at, Edge::Change);
        }
    } else {
        outlook.limits.above = settings.open.log_odds;
    }
}

fn while_open(settings: &Settings, open: Open, after: i64, outlook: &mut Outlook) {
    if let Some(band) = settings.level(usize::from(open.level) + 1) {
        outlook.limits.above = band.log_odds;
    }
    let dwelt_at = open.at.saturating_add(settings.dwell_ms);
    if dwelt_at <= after {
        outlook.limits.below = settings.close.log_odds;
    } else if settings.silence {
        outlook.edge_at(dwelt_at, Edge::Change);
    }
}

/// When an open episode ends for want of the label's activity: the horizon counts from the opening, or from the
/// latest activity after it. With a named event the horizon counts from the opening alone.
fn lapses_at(terms: &Terms, open: Open, activity: Option<i64>) -> i64 {
    let from = if terms.named.is_some() {
        open.at
    } else {
        activity.map_or(open.at, |at| at.max(open.at))
    };
    from.saturating_add(terms.horizon_ms)
}
