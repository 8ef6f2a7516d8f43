#!/usr/bin/env python3
"""The whole way offline, one thread, no broker: events/s, CPU, memory, and the right alerts.

usage: benches/offline.py [--events N] [--customers N] [--seed S] [--runs R]

Three jobs over the same file. The first is that of SPEC.md, its alerts checked against the oracle. The others score a
model trained on that file on every event, with silence on and carts timed: its 24 heaviest columns, and all it has.
Then the first two once more with everything that is told beside alerts: segments, lapses, carts, decisions, figures, the
day's list, recommended actions.
"""
import argparse
import json
import os
import shutil

import harness as h


def replay(name, arguments, runs):
    rows = []
    for run in range(runs):
        out = h.WORK / f"replay-{name}"
        shutil.rmtree(out, ignore_errors=True)
        m = h.measured([h.HOLDFAST, "replay", *arguments, "--out-dir", out], log=h.WORK / f"replay-{name}.log")
        if m["exit"] != 0:
            raise SystemExit(f"replay {name}: exit {m['exit']}, see {h.WORK}/replay-{name}.log")
        summary = json.loads((out / "summary.json").read_text())
        del m["stdout"]
        rows.append({**m, "summary": summary})
        h.say(f"{name} {run + 1}/{runs}: {summary['events_per_s']:,.0f} events/s, {m['peak_rss_mb']} MB")
    return rows, out / "alerts.jsonl"


def told(name, arguments, runs):
    """The same job, with all that is told beside alerts."""
    os.environ.update(h.TOLD)
    rows, _ = replay(name, arguments, runs)
    for switch in h.TOLD:
        del os.environ[switch]
    return rows


def heaviest(model, count):
    """The model with its `count` heaviest columns only, as one written by hand: without hash and provenance."""
    columns = sorted(model["columns"], key=lambda c: -abs(c["coefficient"]))[:count]
    left_out = ("sha256", "registry", "training", "reference")
    return {**{k: v for k, v in model.items() if k not in left_out}, "id": f"heaviest-{count}", "columns": columns}


def row(name, rows, answer):
    return [
        name,
        h.spread([r["summary"]["events_per_s"] for r in rows]),
        h.spread([r["wall_s"] for r in rows]),
        h.spread([r["cpu_s"] for r in rows]),
        h.spread([r["peak_rss_mb"] for r in rows]),
        f"{rows[0]['summary']['alerts']:,}",
        answer,
    ]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--customers", type=int, default=500_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    o = parser.parse_args()
    about = h.machine()
    events, oracle = h.workload(o.events, o.customers, o.seed)

    spec, alerts = replay("spec", ["--events", events, "--config", h.BENCHES / "spec/holdfast.toml"], o.runs)
    with open(alerts) as f:
        found = h.alert_set(f)
    right = found["sha256"] == oracle["alerts_sha256"] and found["alerts"] == oracle["alerts"]

    model = h.WORK / f"all-features-{o.events}.json"
    train = [h.HOLDFAST, "train", "--events", events, "--horizon-days", "14", "--label", "any"]
    train += ["--currency", "ignore", "--out", model]
    trained = h.measured(train, log=h.WORK / "train.log")
    if trained["exit"] != 0:
        raise SystemExit(f"train: exit {trained['exit']}, see {h.WORK}/train.log")
    few = h.WORK / f"24-features-{o.events}.json"
    few.write_text(json.dumps(heaviest(json.loads(model.read_text()), 24)))
    full = {}
    for path in (few, model):
        columns = len(json.loads(path.read_text())["columns"])
        arguments = ["--events", events, "--config", h.BENCHES / "silence.toml", "--model", path]
        # Once is enough for what takes minutes.
        full[columns], _ = replay(f"{columns}-features", arguments, o.runs if path == few else 1)

    beside = {
        "job of SPEC.md, everything told": told("spec-told", ["--events", events, "--config", h.BENCHES / "spec/holdfast.toml"], o.runs),
        "24 features, everything told": told(
            "24-told", ["--events", events, "--config", h.BENCHES / "silence.toml", "--model", few], o.runs
        ),
    }

    h.write(
        about,
        "offline",
        "Offline, one thread",
        f"benches/offline.py --events {o.events} --customers {o.customers} --seed {o.seed} --runs {o.runs}",
        ["job", "events/s", "wall s", "CPU s", "peak MB", "alerts", "answer"],
        [
            row("job of SPEC.md", spec, "the oracle's" if right else "WRONG"),
            *(row(f"{n} features, silence on, carts timed", rows, "-") for n, rows in full.items()),
            *(row(name, rows, "-") for name, rows in beside.items()),
        ],
        {"oracle": oracle, "spec": spec, "spec_alerts": found, "train": trained, "features": full, "told": beside},
        [
            f"{o.events:,} events, {o.customers:,} customers; min / median / max of {o.runs} runs, all columns once; events/s by the "
            "program's own clock."
        ],
    )
    if not right:
        raise SystemExit(f"alerts differ from the oracle: {found} against {oracle}")


if __name__ == "__main__":
    main()
