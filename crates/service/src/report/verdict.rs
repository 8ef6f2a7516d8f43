//! The first screen: what it brings, in words that need no statistics, and the rivals beside it.

use serde::Serialize;

use super::{
    numbers::{fixed, grouped, percent},
    plain::hundred,
    view::{Backtest, Interval, Label, Rival},
};

/// A short claim in large letters with its explanation.
#[derive(Debug, Serialize)]
pub(super) struct Fact {
    pub(super) claim: String,
    pub(super) words: String,
}

/// A rival with words for people.
#[derive(Debug, Serialize)]
pub(super) struct Named<'a> {
    pub(super) title: &'static str,
    pub(super) meaning: &'static str,
    #[serde(flatten)]
    pub(super) rival: &'a Rival,
    /// Better, worse or no clear difference, by the intervals of both figures.
    pub(super) verdict: &'static str,
}

pub(super) fn facts(backtest: &Backtest) -> Vec<Fact> {
    let mut facts = vec![found(backtest)];
    facts.extend(against_the_rule(backtest));
    facts.extend(in_time(backtest));
    facts.extend(profit(backtest));
    facts
}

/// Between these of a hundred, or nothing where the interval says nothing.
fn between(i: &Interval) -> String {
    if i.lo.is_finite() && i.hi.is_finite() {
        format!(" (between {} and {})", hundred(i.lo), hundred(i.hi))
    } else {
        String::new()
    }
}

fn found(backtest: &Backtest) -> Fact {
    let random = hundred(backtest.curves.base_rate());
    let Some(found) = &backtest.contacting else {
        let top = backtest
            .curves
            .gain(0.1)
            .map_or(0.0, super::Gain::precision);
        return Fact {
            claim: format!("{} of 100 left", hundred(top)),
            words: format!(
                "of the tenth of the customers that it put on top. Of 100 picked at random, {random} left."
            ),
        };
    };
    let top = found.capacity.map_or_else(
        || "tenth of the customers".to_owned(),
        |k| format!("{} customers", grouped(k)),
    );
    Fact {
        claim: format!("{} of 100 left", hundred(found.overall.precision.value)),
        words: format!(
            "of the {top} that it put on top of its list on each of {} days{}. Of 100 picked at random, {random} left.",
            backtest.cutoffs.len(),
            between(&found.overall.precision),
        ),
    }
}

fn against_the_rule(backtest: &Backtest) -> Option<Fact> {
    let rule = backtest.rivals.iter().find(|r| r.name == "rfm_rule")?;
    let gain = rule.auc_gain;
    let points = |x: f64| fixed(100.0 * x, 1);
    let claim = if gain.lo > 0.0 {
        "Better than a rule of thumb"
    } else if gain.hi < 0.0 {
        "Worse than a rule of thumb"
    } else {
        "No clear gain over a rule of thumb"
    };
    let did = match backtest.task.label {
        Label::Purchase => "bought",
        Label::Any | Label::Event(_) => "did anything",
    };
    Some(Fact {
        claim: claim.to_owned(),
        words: format!(
            "Of 100 pairs of one who left and one who stayed, it put {} in the right order. Counting points for how \
             lately and how often somebody {did}, and for how much, gets {} right. The difference is {} pairs, \
             between {} and {}.",
            points(backtest.overall.roc_auc.value),
            points(rule.metrics.roc_auc.value),
            points(gain.value),
            points(gain.lo),
            points(gain.hi),
        ),
    })
}

fn in_time(backtest: &Backtest) -> Option<Fact> {
    let found = backtest.contacting.as_ref()?;
    let lead = found.lead;
    let list = found.capacity.map_or("a tenth".to_owned(), grouped);
    if lead.departures == 0 {
        return None;
    }
    let share = hundred(lead.warned.value);
    if !lead.days.value.is_finite() {
        return Some(Fact {
            claim: "No alert came in time".to_owned(),
            words: format!(
                "for the {} who left, at the threshold that puts {list} of the customers on the first list.",
                grouped(lead.departures)
            ),
        });
    }
    Some(Fact {
        claim: format!("{share} of 100 warned in time"),
        words: format!(
            "of those who left{}: the alert, a risk of {} or more, came before the day on which the customer counts \
             as lost. For half of these it came {} days ahead or more (between {} and {}).",
            between(&lead.warned),
            percent(found.alert_threshold, 0),
            fixed(lead.days.value, 0),
            fixed(lead.days.lo, 0),
            fixed(lead.days.hi, 0),
        ),
    })
}

fn profit(backtest: &Backtest) -> Option<Fact> {
    let found = backtest.contacting.as_ref()?;
    if !found.rule_profit.value.is_finite() {
        return None;
    }
    let currency = backtest.task.currency.as_deref().unwrap_or("");
    let money = |x: f64| format!("{} {currency}", whole(x)).trim_end().to_owned();
    let assumed = if found.are_terms_assumed {
        " These amounts are an example; give your own with --value, --saved and --cost."
    } else {
        ""
    };
    if found.rule_share == 0.0 {
        return Some(Fact {
            claim: "No contact pays at these amounts".to_owned(),
            words: format!(
                "A customer who stays is worth {}, a contact keeps {} of those about to leave, and costs {}: nobody's \
                 risk is high enough, that is {} or more.{assumed}",
                found.value,
                percent(found.saved, 0),
                found.cost,
                percent(found.rule_threshold, 0),
            ),
        });
    }
    Some(Fact {
        claim: format!("{} per 1,000 customers", money(found.rule_profit.value)),
        words: format!(
            "(between {} and {}) from contacting the {} who are worth it, if a customer who stays is worth {}, a \
             contact keeps {} of those about to leave, and costs {}.{assumed}",
            money(found.rule_profit.lo),
            money(found.rule_profit.hi),
            percent(found.rule_share, 0),
            found.value,
            percent(found.saved, 0),
            found.cost,
        ),
    })
}

/// Money in whole units, with commas.
pub(super) fn whole(x: f64) -> String {
    if !x.is_finite() {
        return fixed(x, 0);
    }
    let size = grouped(x.abs().round() as u64);
    if x <= -0.5 {
        format!("\u{2212}{size}")
    } else {
        size
    }
}

pub(super) fn rivals(backtest: &Backtest) -> Vec<Named<'_>> {
    backtest.rivals.iter().map(named).collect()
}

fn named(rival: &Rival) -> Named<'_> {
    let (title, meaning) = match rival.name.as_str() {
        "rfm_rule" => (
            "Rule of thumb (RFM)",
            "points for how lately, how often, for how much; the share that left at the same points",
        ),
        "rfm_logistic" => (
            "Plain logistic (RFM)",
            "logistic regression on the logarithms of the same three numbers",
        ),
        "mbg_nbd" => (
            "MBG/NBD",
            "buy till you die, from the dates of purchases alone; anybody may leave after any purchase",
        ),
        "bg_nbd" => (
            "BG/NBD",
            "the same, but nobody leaves after the first purchase",
        ),
        _ => ("Another", ""),
    };
    let (gain, change) = (rival.auc_gain, rival.log_loss_change);
    let verdict = if gain.lo > 0.0 && change.hi < 0.0 {
        "better in both"
    } else if gain.lo > 0.0 {
        "better order, percentages alike"
    } else if change.hi < 0.0 {
        "better percentages, order alike"
    } else if gain.hi < 0.0 || change.lo > 0.0 {
        "this one is better"
    } else {
        "no clear difference"
    };
    Named {
        title,
        meaning,
        rival,
        verdict,
    }
}

/// What the figures say against the model beside simpler ones.
pub(super) fn cautions(backtest: &Backtest) -> Vec<String> {
    let mut out = Vec::new();
    let worse = |r: &&Rival| r.auc_gain.hi < 0.0 || r.log_loss_change.lo > 0.0;
    if let Some(rival) = backtest.rivals.iter().find(worse) {
        out.push(format!(
            "{} did better on these customers. Prefer it, or look for what is missing in the events.",
            named(rival).title
        ));
    }
    if let Some(found) = &backtest.contacting
        && found.best.is_none()
    {
        out.push(
            "At these amounts no contact pays: each costs more than it brings, even at the top of the list."
                .to_owned(),
        );
    }
    out
}
