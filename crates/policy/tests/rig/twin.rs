//! The rules of decisions, read plainly: one customer, one instant after the other.

#![allow(unreachable_pub, clippy::unwrap_used, reason = "a module of a test")]

use std::collections::BTreeSet;

use holdfast_features::{Applied, CartAbandon, Input, Ix, Settings as StoreSettings, Store};
use holdfast_model::{Label, LabelKind, Model, Scorer, Scratch, logit};
use holdfast_policy::{Config, Mode};

use super::rig::{Act, DAY, HOUR};

pub struct Twin {
    config: Config,
    label: Label,
    store: Store,
    scorer: Scorer,
    scratch: Scratch,
    ix: Option<Ix>,
    /// Everything up to and with this instant was walked.
    walked: i64,
    open: Option<(i64, usize)>,
    closed: Option<i64>,
    quiet: Option<i64>,
    gone: bool,
    /// Width of the coarse walk.
    pub step_ms: i64,
    pub sent: Vec<(&'static str, i64)>,
}

impl Twin {
    pub fn new(config: Config, model: &Model) -> Self {
        let store = StoreSettings {
            dedupe: true,
            cart_abandon: CartAbandon::Derived { after_ms: HOUR },
            minor_exponent: 2,
            stats: None,
        };
        let scorer = Scorer::new(model).unwrap();
        Self {
            config,
            label: model.label().clone(),
            store: Store::new(store),
            scratch: scorer.scratch(),
            scorer,
            ix: None,
            walked: i64::MIN,
            open: None,
            closed: None,
            quiet: None,
            gone: false,
            step_ms: 60_000,
            sent: Vec::new(),
        }
    }

    pub fn play_all(&mut self, acts: &[Act]) {
        for act in acts {
            self.play(act);
        }
    }

    fn play(&mut self, act: &Act) {
        let ix = self.store.intern(act.customer);
        self.ix = Some(ix);
        let id_hash = act
            .id
            .bytes()
            .fold(7, |h: u64, b| h.wrapping_mul(31) ^ u64::from(b));
        let input = Input {
            kind: act.kind,
            ts: act.ts,
            minor: Some(1_000),
            id_hash,
            particulars: Default::default(),
        };
        if self.store.verdict(ix, &input) != Applied::Applied {
            return;
        }
        self.walk(act.ts);
        assert_eq!(self.store.apply(ix, &input), Applied::Applied);
        self.walked = self.walked.max(act.ts);
        let now = self.walked;
        if self.config.mode == Mode::Plain {
            return self.step(act.ts);
        }
        let named = matches!(&self.label.kind, LabelKind::Event(name) if name == act.kind.name());
        if named
            || self
                .config
                .hard_churn
                .iter()
                .any(|name| name == act.kind.name())
        {
            if self.open.is_some() {
                self.close("churned", now);
            }
            self.quiet = Some(now);
            self.gone |= named;
        }
        self.step(now);
    }

    /// Walks to `to`, asking the rules at every step, and inside a step in which they apply at every second.
    pub fn walk(&mut self, to: i64) {
        let Some(ix) = self.ix else { return };
        if self.walked == i64::MIN {
            // Nothing was applied yet.
            self.walked = to;
            return;
        }
        while let Some(next) = self.next_instant(ix, to) {
            self.at(ix, next);
            self.walked = self.walked.max(next);
        }
        self.walked = self.walked.max(to);
    }

    /// The next instant up to `to` at which the rules call for something.
    fn next_instant(&mut self, ix: Ix, to: i64) -> Option<i64> {
        let mut edges = BTreeSet::new();
        edges.extend(self.store.next_timer(ix));
        edges.extend(self.lapses_at(ix));
        if self.config.silence {
            edges.extend(self.open.map(|(at, _)| at + self.config.dwell_ms));
            edges.extend(self.closed.map(|at| at + self.config.cooldown_ms));
        }
        if let Some(timer) = self
            .store
            .next_timer(ix)
            .filter(|timer| *timer <= self.walked && *timer <= to)
        {
            return Some(timer);
        }
        let mut at = self.walked;
        while at < to {
            // Coarse steps end at whole multiples, at edges, and so at midnights.
            let mut end = ((at / self.step_ms) + 1) * self.step_ms;
            end = end.min(to);
            // What is reached in a day's last seconds may be gone at midnight.
            let day_end = (at / DAY + 1) * DAY - 1_000;
            if at < day_end {
                end = end.min(day_end);
            }
            if let Some(edge) = edges.range(at + 1..=end).next() {
                end = *edge;
            }
            let whole = end % 1_000 == 0 || edges.contains(&end);
            if whole && self.calls(ix, end) {
                let first = (at / 1_000 + 1) * 1_000;
                let inside = (first..end)
                    .step_by(1_000)
                    .find(|second| self.calls(ix, *second));
                return Some(inside.unwrap_or(end));
            }
            if !whole {
                // The last, broken step: every second of it.
                let first = (at / 1_000 + 1) * 1_000;
                return (first..=end)
                    .step_by(1_000)
                    .find(|second| self.calls(ix, *second));
            }
            at = end;
        }
        None
    }

    fn calls(&mut self, ix: Ix, at: i64) -> bool {
        let timer = self.store.next_timer(ix) == Some(at);
        timer
            || self.lapses_at(ix) == Some(at)
            || (self.config.silence && self.verdict(ix, at).is_some())
    }

    fn at(&mut self, ix: Ix, now: i64) {
        if self.store.next_timer(ix).is_some_and(|timer| timer <= now) {
            self.store.fire_timer(ix);
            return self.step(now.max(self.walked));
        }
        if self.lapses_at(ix) == Some(now) {
            let named = matches!(self.label.kind, LabelKind::Event(_));
            self.close(if named { "recovered" } else { "lapsed" }, now);
            if !named {
                self.quiet = Some(now);
            }
            return;
        }
        self.step(now);
    }

    fn activity(&self, ix: Ix) -> Option<i64> {
        match self.label.kind {
            LabelKind::Purchase => self.store.last_purchase(ix),
            LabelKind::Any | LabelKind::Event(_) => self.store.last_event(ix),
        }
    }

    fn lapses_at(&self, ix: Ix) -> Option<i64> {
        let (opened, _) = self.open?;
        let named = matches!(self.label.kind, LabelKind::Event(_));
        let since = self
            .activity(ix)
            .filter(|at| *at > opened && !named)
            .unwrap_or(opened);
        Some(since + i64::from(self.label.horizon_days) * DAY)
    }

    /// What the rules say at `now`: the kind, and the level reached.
    fn verdict(&mut self, ix: Ix, now: i64) -> Option<(&'static str, usize)> {
        let score = self
            .scorer
            .log_odds(&self.store, ix, now, &mut self.scratch);
        let over = |p: f64| score >= logit(p);
        let level = self.config.bands.iter().filter(|band| over(**band)).count();
        let cool = self
            .closed
            .is_none_or(|at| now >= at + self.config.cooldown_ms);
        if self.config.mode == Mode::Plain {
            let bought = self.store.last_purchase(ix).is_some();
            return (bought && cool && over(self.config.open)).then_some(("opened", level));
        }
        match self.open {
            Some((_, reached)) if level > reached => Some(("escalated", level)),
            Some((at, _)) => {
                let low = score <= logit(self.config.close);
                (low && now >= at + self.config.dwell_ms).then_some(("recovered", 0))
            }
            None => {
                let active = match self.quiet {
                    Some(since) => self.activity(ix).is_some_and(|at| at > since),
                    None => true,
                };
                let member = self.label.covers(&self.store, ix, now) && !self.gone && active;
                (member && cool && over(self.config.open)).then_some(("opened", level))
            }
        }
    }

    fn step(&mut self, now: i64) {
        let Some(ix) = self.ix else { return };
        let Some((kind, level)) = self.verdict(ix, now) else {
            return;
        };
        if self.config.mode == Mode::Plain {
            self.sent.push((kind, now));
            self.closed = Some(now);
        } else if kind == "recovered" {
            self.close(kind, now);
        } else {
            let opened = self.open.map_or(now, |(at, _)| at);
            self.open = Some((opened, level));
            self.sent.push((kind, now));
        }
    }

    fn close(&mut self, kind: &'static str, now: i64) {
        self.sent.push((kind, now));
        self.open = None;
        self.closed = Some(now);
    }
}
