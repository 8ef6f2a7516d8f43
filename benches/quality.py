#!/usr/bin/env python3
"""How good the forecasts are: Holdfast beside LightGBM, buy-till-you-die models and plain ones on real event logs.

usage: scripts/python.sh numpy==2.4.6 -- benches/quality.py --data DIR --baselines DIR [--sets NAME,..] [--seasonal off|half|auto] [--write]

For each log: `holdfast train` on what was known at the first test cutoff, `holdfast score` at the test cutoffs, then AUC,
log-loss and calibration error (ECE) on the very rows of the baselines, beside LightGBM's and the goals. Models, reports and
scores stay in target/bench/quality. --write adds the other figures and baselines, 95 % intervals and paired differences,
and puts all of it into benches/results.

Neither logs nor baselines are in this repository. --data holds NAME.jsonl.gz, events as Holdfast reads them, made from
public sources, one event for each invoice, basket or registration:
  cdnow             CDNOW's master log of 1997 and 1998 (Fader and Hardie 2001): `models/cdnow/events.jsonl.gz` is the same
  online_retail_ii  UCI Online Retail II (CC BY 4.0), both sheets; cancelled invoices are refunds
  grocery           `groceryElog` of the R package BTYDplus (GPL-3), on GitHub mplatzer/BTYDplus
  oulad             Open University Learning Analytics (CC BY 4.0), on GitHub jakubkuzilek/oulad: registrations are customers
--baselines holds NAME.json (horizon_days, active_days, label, train_cutoffs_ms, test_cutoffs_ms, and metrics of every
baseline) and NAME.rows.csv.gz: customer_id,cutoff_ms,churn,const and a column of probabilities for each baseline, where
const is the share that left at the last training cutoff; it stands in for customers whom Holdfast does not score.
"""
import argparse
import csv
import gzip
import json
import pathlib

import numpy as np

import figures
import harness as h

SETS = ("cdnow", "online_retail_ii", "grocery", "oulad")
BASELINES = ("lgbm", "lgbm_seq", "rich_lr", "mbgnbd", "rfm_lr", "toy_lr")
BUY_TILL_YOU_DIE = ("bgnbd", "mbgnbd", "paretonbd")
DAY_MS = 86_400_000
DRAWS = 300  # of the customers, for the intervals
PLACE = h.WORK / "quality"

# How far Holdfast may be behind LightGBM in AUC and in log-loss, and its greatest calibration error.
GOALS = {
    ("cdnow", "to reach"): {"auc": 0.002, "logloss": 0.0, "ece": 0.02},
    ("cdnow", "stretch"): {"auc": 0.0, "logloss": 0.0},
    ("online_retail_ii", "to reach"): {"auc": 0.003, "logloss": 0.0, "ece": 0.08},
    ("online_retail_ii", "stretch"): {"ece": 0.025},
    ("grocery", "to reach"): {"auc": 0.008, "logloss": 0.004, "ece": 0.04},
    ("grocery", "stretch"): {"auc": 0.006, "logloss": 0.003},
    ("oulad", "to reach"): {"auc": 0.010},
    ("oulad", "stretch"): {"auc": 0.005},
}
GOAL_COLUMNS = ["log", "goal", "figure", "Holdfast", "against", "theirs", "limit", ""]
COST_COLUMNS = ["log", "rows x columns", "penalty", "train s", "CPU s", "score s"]
WORDS = {"auc": "AUC", "logloss": "log-loss", "ece": "ECE"}


def holdfast(o, *arguments):
    log = PLACE / f"{arguments[0]}.log"
    ran = h.measured([o.holdfast, *arguments], log=log)
    if ran["exit"] != 0:
        raise SystemExit(f"holdfast {arguments[0]}: exit {ran['exit']}\n{log.read_text()}")
    # Not its peak memory: the system counts into it what this process had when it forked.
    return {"wall_s": ran["wall_s"], "cpu_s": ran["cpu_s"]}


def chosen_by_hand(question):
    """Whether the training cutoffs are others than those that `holdfast train` counts back by itself."""
    step = max(7, round(question["horizon_days"] / 3)) * DAY_MS
    train = question["train_cutoffs_ms"]
    last = question["test_cutoffs_ms"][0] - question["horizon_days"] * DAY_MS
    return train != [last - i * step for i in reversed(range(len(train)))]


def forecast(o, name, question):
    """Trains and scores: what that cost, and {(customer, cutoff): probability}."""
    events, report = o.data / f"{name}.jsonl.gz", PLACE / f"{name}.html"
    model, scores = PLACE / f"{name}.model.json", PLACE / f"{name}.scores.csv"
    train = ["--events", events, "--horizon-days", question["horizon_days"], "--active-days", question["active_days"]]
    train += ["--label", question["label"], "--until", question["test_cutoffs_ms"][0]]
    if o.seasonal != "off":
        train += ["--seasonal", o.seasonal]
    if chosen_by_hand(question):
        train += ["--train-cutoffs-ms", ",".join(map(str, question["train_cutoffs_ms"]))]
    trained = holdfast(o, "train", *train, "--out", model, "--report", report)
    cutoffs = ",".join(map(str, question["test_cutoffs_ms"]))
    scored = holdfast(o, "score", "--events", events, "--model", model, "--cutoff-ms", cutoffs, "--out", scores)
    text = json.loads(model.read_text())
    cost = {
        "train": trained,
        "score": scored,
        "columns": len(text["columns"]),
        "rows": text["training"]["rows"],
        "alpha": text["training"]["alpha"],
        "model_sha256": text["sha256"],
        "season": text.get("season"),
    }
    with open(scores, newline="") as f:
        found = {(r["customer_id"], int(r["cutoff_ms"])): float(r["p_churn"]) for r in csv.DictReader(f)}
    return cost, found


def judge(o, name, probability):
    """The figures of these probabilities and of the baselines, on the baselines' rows."""
    with gzip.open(o.baselines / f"{name}.rows.csv.gz", "rt", newline="") as f:
        rows = list(csv.DictReader(f))
    keys = [(r["customer_id"], int(r["cutoff_ms"])) for r in rows]
    base = float(rows[0]["const"])
    forecasts = {"holdfast": np.array([probability.get(key, base) for key in keys])}
    for baseline in BASELINES:
        if baseline in rows[0]:
            forecasts[baseline] = np.array([float(r[baseline]) for r in rows])
    left = np.array([float(r["churn"]) for r in rows])
    found = figures.compare(forecasts, left, np.array([r["customer_id"] for r in rows]), DRAWS if o.write else 0)
    covered = sum(key in probability for key in keys) / len(keys)
    return {"rows": len(rows), "base_rate": round(float(left.mean()), 4), "coverage": round(covered, 5), **found}


def goals(name, question, metrics):
    """Rows of GOAL_COLUMNS: every figure beside LightGBM's, then beside those of the buy-till-you-die models."""
    own = metrics["holdfast"]
    for kind in ("to reach", "stretch"):
        asked = GOALS.get((name, kind), {})
        for what in WORDS if kind == "to reach" else asked:
            theirs = metrics["lgbm"][what]
            limit = None
            if what in asked:
                limit = {"auc": theirs - asked[what], "logloss": theirs + asked[what], "ece": asked[what]}[what]
            yield goal(name, kind, what, own, "lgbm", theirs, limit)
    for rival in BUY_TILL_YOU_DIE:
        for what in ("auc", "logloss") if rival in question["metrics"] else ():
            theirs = question["metrics"][rival][what]
            yield goal(name, "to reach", what, own, rival, theirs, theirs)


def goal(name, kind, what, own, rival, theirs, limit):
    start = [name, kind, WORDS[what], f"{own[what]:.4f}", rival, f"{theirs:.4f}"]
    if limit is None:
        return [*start, "-", "-"]
    missed_by = limit - own[what] if what == "auc" else own[what] - limit
    return [*start, f"{limit:.4f}", f"MISSED by {missed_by:.4f}" if missed_by > 0 else "reached"]


def with_interval(value, lo, hi, sign=""):
    return f"{value:{sign}.4f} [{lo:{sign}.4f}, {hi:{sign}.4f}]"


def figure_rows(name, found):
    for model, of in found["metrics"].items():
        between = found["ci95"][model]
        row = [with_interval(of[k], *between[k]) for k in ("auc", "logloss", "brier", "ece")]
        yield [name, model, *row, f"{of['lift10']:.2f}", f"{of['mean_p']:.3f} / {found['base_rate']:.3f}"]


def cost_row(name, of):
    shape = [f"{of['rows']:,} x {of['columns']}", of["alpha"], of["train"]["wall_s"], of["train"]["cpu_s"]]
    return [name, *shape, of["score"]["wall_s"]]


def sections(results):
    """What follows the table of figures in the result's file."""
    apart = []
    for name, of in results.items():
        for baseline, differences in of["paired_diff"].items():
            values = [with_interval(*differences[k], "+") for k in WORDS]
            apart.append([name, baseline, *values])
    return [
        *["## Goals", "", *h.table(GOAL_COLUMNS, [row for of in results.values() for row in of["goals"]]), ""],
        *["## Paired differences", "", *h.table(["log", "Holdfast minus", *WORDS.values()], apart), ""],
        *["## Cost", "", *h.table(COST_COLUMNS, [cost_row(name, of["cost"]) for name, of in results.items()])],
    ]


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--baselines", type=pathlib.Path, required=True)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--seasonal", default="off", help="what `holdfast train` is told of that name: off, half or auto")
    parser.add_argument("--write", action="store_true", help="intervals too, and all of it into benches/results")
    parser.add_argument("--holdfast", type=pathlib.Path, default=h.HOLDFAST, help="the program")
    o = parser.parse_args()
    o.data, o.baselines, o.holdfast = (p.resolve() for p in (o.data, o.baselines, o.holdfast))
    return o


def main():
    o = options()
    PLACE.mkdir(parents=True, exist_ok=True)
    about, results = h.machine(), {}
    for name in o.sets.split(","):
        question = json.loads((o.baselines / f"{name}.json").read_text())
        cost, probability = forecast(o, name, question)
        found = judge(o, name, probability)
        met = list(goals(name, question, found["metrics"]))
        results[name] = {"cost": cost, **found, "goals": met}
        shifts = (cost["season"] or {"shifts": []})["shifts"]
        season = f", season {min(shifts):+.2f} to {max(shifts):+.2f}" if shifts else ""
        print(f"\n{name}: {found['rows']:,} rows, {100 * found['coverage']:.1f} % of them scored{season}")
        print("\n".join(["", *h.table(COST_COLUMNS, [cost_row(name, cost)]), "", *h.table(GOAL_COLUMNS, met)]), flush=True)
    if not o.write:
        return
    seasonal = "" if o.seasonal == "off" else f" --seasonal {o.seasonal}"
    command = f"benches/quality.py --data DIR --baselines DIR --sets {o.sets}{seasonal} --write"
    columns = ["log", "model", "AUC", "log-loss", "Brier", "ECE", "lift 10 %", "mean p / share that left"]
    rows = [row for name, found in results.items() for row in figure_rows(name, found)]
    name = "quality" if o.seasonal == "off" else f"quality-seasonal-{o.seasonal}"
    h.write(about, name, "Forecasts on real logs", command, columns, rows, {"sets": results}, sections(results))


if __name__ == "__main__":
    main()
