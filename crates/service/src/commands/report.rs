//! `holdfast report`.

use std::path::Path;

use holdfast_playbook::Priors;
use indicatif::ProgressBar;
use jiff::tz::TimeZone;

use super::{files, settings};
use crate::cli::Report;
use crate::cli::terminal::{bar, counted, data, grouped, say, spinner};
use crate::config::Settings;
use crate::pipeline::playbook;
use crate::report::retention_html;
use crate::retention::{self, Read, Request, Returning};
use crate::study::{Error, Source};

pub(super) fn report(args: &Report) -> anyhow::Result<()> {
    let settings = settings(args.config.config.as_deref())?;
    let source = Source::new(args.events.clone(), &settings, args.currency.as_deref())?;
    // The configuration's own, where it is there: figures do not need it.
    let of_config = settings.model_path.as_deref();
    let of_config = of_config.filter(|path| path.is_file());
    let model = args.model.as_deref().or(of_config);
    let model = model.map(|path| files::model(Some(path))).transpose()?;
    let zone = args.time_zone.as_ref().unwrap_or(&settings.app.time_zone);
    let zone = TimeZone::get(zone).map_err(|_| {
        let text = format!("`{zone}` is no IANA time zone such as Europe/Berlin");
        Error::Setting(text)
    })?;
    let request = Request {
        source,
        model: model.as_ref(),
        period: args.period.into(),
        zone,
        alive_days: args.alive_days.or(alive_days(&settings)),
        cuts: settings.lifecycle.cuts,
        dwell_ms: settings.lifecycle.settings.dwell_ms,
        goal: args.goal_crr.map(|goal| (goal, args.goods.into())),
        priors: &priors(&settings, &args.prior)?,
    };
    let sign = progress(&args.events);
    let found = retention::report(&request, |bytes| sign.set_position(bytes))?;
    sign.finish_and_clear();
    tell(&found.report.read);
    if let Some(path) = &args.json {
        let mut json = serde_json::to_vec_pretty(&found.report)?;
        json.push(b'\n');
        files::write(path, &json)?;
    }
    if let Some(path) = &args.out {
        files::write(path, retention_html(&found.report)?.as_bytes())?;
    }
    if let Some(path) = &args.customers {
        let mut csv = Vec::new();
        Returning::write_csv(&found.returning, &mut csv)?;
        files::write(path, &csv)?;
    }
    if args.json.is_none() && args.out.is_none() {
        data(&retention::table(&found.report))?;
    } else if let Some(goal) = &found.report.goal {
        say(&goal.says);
    }
    Ok(())
}

/// For how many days a purchase makes a customer, where the configuration says so in whole days.
fn alive_days(settings: &Settings) -> Option<u32> {
    let alive_ms = settings.lifecycle.kpis.as_ref()?.alive_ms?;
    let days = alive_ms / holdfast_lifecycle::DAY_MS;
    u32::try_from(days)
        .ok()
        .filter(|_| alive_ms % holdfast_lifecycle::DAY_MS == 0)
}

/// Those of the rule table, and some of the reader's own.
fn priors(settings: &Settings, own: &[(String, (f64, f64))]) -> anyhow::Result<Priors> {
    let mut faults = Vec::new();
    let table = playbook(&settings.playbook, &mut faults);
    if !faults.is_empty() {
        return Err(Error::Setting(faults.join("\n")).into());
    }
    let mut priors = table.map_or_else(Priors::default, |(_, table)| table.priors().clone());
    for (name, range) in own {
        priors.set(name, *range).map_err(Error::Setting)?;
    }
    Ok(priors)
}

/// A bar where the unpacked length is known.
fn progress(events: &Path) -> ProgressBar {
    let is_plain = events.extension().is_none_or(|e| e != "gz") && events != Path::new("-");
    match std::fs::metadata(events) {
        Ok(meta) if is_plain => bar(meta.len(), "reading events"),
        _ => spinner("reading events"),
    }
}

fn tell(read: &Read) {
    let rejected: u64 = read.rejected.values().sum();
    let left_out = [
        (
            rejected,
            "line that is no event",
            "lines that are no events",
        ),
        (read.duplicates, "duplicate", "duplicates"),
        (
            read.other_currency,
            "amount in another currency",
            "amounts in another currency",
        ),
        (
            read.erased,
            "event of an erased customer",
            "events of erased customers",
        ),
    ];
    let left_out: Vec<String> = left_out
        .iter()
        .filter(|(n, ..)| *n > 0)
        .map(|(n, one, more)| format!("{} {}", grouped(*n), if *n == 1 { one } else { more }))
        .collect();
    let events = counted(read.events, "event");
    if left_out.is_empty() {
        say(format_args!("{events} read"));
    } else {
        say(format_args!(
            "{events} read; left out: {}",
            left_out.join(", ")
        ));
    }
}
