//! What the demo shows: a few lines of what was done, then alerts as they come above a bar of the passing days.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};

use super::alert::{Alert, Trigger};
use super::speed::Speed;
use super::trade::Trade;
use crate::cli;
use crate::cli::terminal::grouped;
use crate::generate::{DAY_MS, DEFAULT_START_MS};

/// Words go to stdout here: they are what the demo is for.
pub(super) struct Screen {
    colour: bool,
    quiet: bool,
    bar: ProgressBar,
    from_ms: i64,
}

impl Screen {
    pub(super) fn new(quiet: bool) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|v| v == "dumb");
        let colour = io::stdout().is_terminal() && !unwanted && !dumb;
        Self {
            colour,
            quiet,
            bar: ProgressBar::hidden(),
            from_ms: DEFAULT_START_MS,
        }
    }

    /// A line above the bar. A closed stdout ends the show, not the demo.
    fn line(&self, line: impl fmt::Display) {
        self.bar.suspend(|| writeln!(io::stdout(), "{line}").ok());
    }

    fn paint(&self, code: &str, text: impl fmt::Display) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }

    pub(super) fn title(&self, args: &cli::Demo) {
        let way = match &args.kafka {
            Some(servers) => format!("through Kafka at {servers}"),
            None => "no Kafka needed".to_owned(),
        };
        self.line(format_args!(
            "{}  {}, {way}",
            self.paint("1", "holdfast demo"),
            Trade(args.preset).title(),
        ));
        self.line("");
    }

    /// Something was done.
    pub(super) fn step(&self, name: &str, what: impl fmt::Display) {
        self.line(format_args!(
            "  {}  {what}",
            self.paint("1", format_args!("{name:<9}"))
        ));
    }

    pub(super) fn history(&mut self, events: u64, customers: usize, args: &cli::Demo) {
        self.from_ms = super::place::stream_from_ms(args);
        self.step(
            "history",
            format_args!(
                "{} events in the log make the state of {} customers; no alerts about the past",
                grouped(events),
                grouped(customers as u64),
            ),
        );
        let speed = match args.speed {
            Speed::Factor(factor) => format!("{factor} times as fast as life"),
            Speed::Max => "as fast as it goes".to_owned(),
        };
        self.step(
            "stream",
            format_args!("{} more days, {speed}", args.stream_days),
        );
        self.line("");
    }

    pub(super) fn begin(&mut self, days: u32) {
        self.bar = ProgressBar::new(u64::from(days) * 1_000);
        let style = ProgressStyle::with_template("  {bar:36.cyan/dim} {msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        self.bar.set_style(style.progress_chars("━━╌"));
    }

    /// `now` is ms since the stream began.
    pub(super) fn progress(&self, now: i64, events: u64, alerts: usize) {
        self.bar.set_position((now * 1_000 / DAY_MS).unsigned_abs());
        let (at, events) = (moment(self.from_ms + now), grouped(events));
        self.bar
            .set_message(format!("{at}  {events} events  {alerts} alerts"));
    }

    pub(super) fn end(&mut self) {
        self.bar.finish_and_clear();
        self.bar = ProgressBar::hidden();
    }

    /// `kinds` says what type an event was.
    pub(super) fn alert(&self, alert: &Alert, kinds: &BTreeMap<String, &'static str>) {
        if self.quiet {
            return;
        }
        let (code, word) = match alert.kind.as_str() {
            "opened" => ("1;33", "at risk"),
            "escalated" => ("1;31", "rising"),
            "recovered" => ("1;32", "is back"),
            "lapsed" => ("2", "lapsed"),
            _ => ("1;35", "has left"),
        };
        let why = match &alert.trigger {
            Trigger::Silence if alert.is_opening() => "silence: the deadline is reached".to_owned(),
            Trigger::Silence if alert.kind == "escalated" => "silence goes on".to_owned(),
            Trigger::Silence => "time has passed".to_owned(),
            Trigger::Timer { name } => format!("timer {name}"),
            Trigger::Event { event_id } => {
                let kind = kinds.get(event_id.as_str()).copied().unwrap_or("event");
                format!("{kind} {event_id}")
            }
        };
        let mut block = format!(
            "  {}  {}  {}  {:>3.0} %  {}",
            self.paint("2", moment(alert.as_of)),
            self.paint(code, format_args!("{word:<8}")),
            self.paint("1", &alert.customer_id),
            100.0 * alert.churn_probability,
            self.paint("2", why),
        );
        if alert.is_opening() {
            for reason in alert.strongest(3) {
                block.push_str(&format!("\n{:24}· {reason}", ""));
            }
            block.push_str(&format!("\n{:24}{}", "", self.paint("2", worth(alert))));
        }
        self.line(block);
    }
}

/// What is at stake, and until when it makes sense to act.
fn worth(alert: &Alert) -> String {
    let currency = alert.currency.as_deref().unwrap_or("");
    // Contracts are not purchases.
    let mut text = match alert.last_purchase_ms {
        Some(_) => format!("{:.2} {currency} spent in 90 days", alert.spend_90d),
        None => "no purchases".to_owned(),
    };
    if let Some(at) = alert.last_purchase_ms {
        text.push_str(&format!(", last purchase {}", day(at)));
    }
    if let Some(at) = alert.expires_at {
        text.push_str(&format!(", act before {}", day(at)));
    }
    text
}

fn moment(ms: i64) -> String {
    written(ms, "%d %b %H:%M")
}

fn day(ms: i64) -> String {
    written(ms, "%d %b")
}

fn written(ms: i64, format: &str) -> String {
    let at = jiff::Timestamp::from_millisecond(ms);
    at.map_or_else(|_| ms.to_string(), |at| at.strftime(format).to_string())
}
