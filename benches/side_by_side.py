#!/usr/bin/env python3
"""Holdfast, Flink and Kafka Streams on the same topic of a real broker, in one run.

usage: benches/side_by_side.py [--engines holdfast,told,bare,flink,streams] [--runs R] [--events N] [--customers N] [--seed S]
                               [--paced]

`told` is Holdfast with everything that it tells beside alerts: segments, lapses, carts, decisions, figures, the day's list.
`bare` is the least that a program with Holdfast's client has to do: it polls, decodes and sends the same alerts.

Drain: the topic is loaded once; every engine reads it from its start to its end in turn, R times, each time into a new
alert topic with a new group. The alert topic is then read back read_committed and compared with the oracle. A first
turn of the first engine warms the broker's compiler and is not counted. With --paced, latency at 20,000 events/s is measured after that (SPEC.md), once per engine; with --runs 0 only that.
"""
import argparse
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import time

import harness as h

KAFKA = h.BENCHES / "kafka" / "kafka.sh"
PORT = os.environ.get("KAFKA_PORT", "29292")
BROKER = f"127.0.0.1:{PORT}"
DIR = h.ROOT / ".kafka" / "bench"
ENV = {"KAFKA_DIR": str(DIR), "KAFKA_PORT": PORT, "BOOTSTRAP": BROKER}
PEERS = {e: h.BENCHES / "peers" / d / "run.sh" for e, d in (("flink", "flink"), ("streams", "kafka-streams"))}
BARE = h.ROOT / "target" / "release" / "examples" / "bare_loop"
KNOWN_ALERTS = h.WORK / "bare"
SMALL = {"JAVA_OPTS": "-Xmx1g"}


def kafka(*arguments):
    subprocess.run([str(KAFKA), *arguments], check=True, env={**os.environ, **ENV}, stdout=subprocess.DEVNULL)


def tools(*arguments):
    command = [str(PEERS["streams"]), "tools", *[str(a) for a in arguments]]
    out = subprocess.run(command, check=True, env={**os.environ, **ENV, **SMALL}, capture_output=True, text=True)
    return h.last_json(out.stdout)


def engine(name, app, source, alerts, paced=False):
    """The command and environment of an engine, and how it is told to stop when it runs without end."""
    stop = h.WORK / f"{app}.stop"
    if name in ("holdfast", "told"):
        end = [] if paced else ["--until-end"]
        command = [h.HOLDFAST, "run", "--config", h.BENCHES / "spec" / "holdfast.toml", *end]
        env = {
            "HOLDFAST__APP__ID": app,
            "HOLDFAST__SOURCE__KIND": "kafka",
            "HOLDFAST__KAFKA__BOOTSTRAP_SERVERS": BROKER,
            "HOLDFAST__KAFKA__GROUP_ID": app,
            "HOLDFAST__KAFKA__INSTANCE_ID": f"{app}-0",
            "HOLDFAST__TOPICS__INPUT": source,
            "HOLDFAST__TOPICS__ALERTS": alerts,
            "HOLDFAST__TOPICS__DEAD_LETTERS": f"{alerts}.dlq",
            "HOLDFAST__SNAPSHOT__LOCATION": str(h.WORK / app / "snapshots"),
            "HOLDFAST__HTTP__LISTEN": "off",
        }
        if name == "told":
            beside = ("segments", "lifecycle", "carts", "decisions", "kpis", "worklist")
            env.update({f"HOLDFAST__TOPICS__{topic.upper()}": f"{app}.{topic}" for topic in beside})
            env.update(h.TOLD)
        return command, env, lambda process: process.send_signal(signal.SIGTERM)
    if name == "bare":
        return [BARE, BROKER, source, alerts, app, KNOWN_ALERTS / "alerts.jsonl"], {}, lambda process: process.terminate()
    env = {**ENV, "APP_ID": app, "IN_TOPIC": source, "OUT_TOPIC": alerts, "THREADS": "2"}
    env["CKPT_DIR"] = env["STATE_DIR"] = str(h.WORK / app)
    if paced:
        # Latency needs short checkpoints; draining is measured with their usual distance.
        env.update({"STOP_FILE": str(stop), "CHECKPOINT_MS": "1000"})
    return [PEERS[name]], env, lambda process: stop.touch()


def make_topics(name, command, env):
    """What is told beside alerts goes to topics of its own."""
    if name == "told":
        apply = [command[0], "topics", "apply", *command[2:4]]
        subprocess.run([str(c) for c in apply], check=True, env={**os.environ, **env}, stdout=subprocess.DEVNULL)


def drain(name, run, source, oracle):
    app = f"{name}-{run}-{os.getpid()}"
    alerts = f"at-risk-{app}"
    tools("create", alerts, f"{alerts}.dlq", f"{app}.journal")
    command, env, _ = engine(name, app, source, alerts)
    make_topics(name, command, env)
    broker = int((DIR / "kafka.pid").read_text())
    before, busy = h.cpu_of(broker), h.busy_seconds()
    m = h.measured(command, env, log=h.WORK / f"{app}.log")
    m["broker_cpu_s"] = round(h.cpu_of(broker) - before, 2)
    m["share_of_busy_cpu"] = round((m["cpu_s"] + m["broker_cpu_s"]) / max(0.01, h.busy_seconds() - busy), 3)
    if m["exit"] != 0:
        raise SystemExit(f"{name}: exit {m['exit']}, see {h.WORK}/{app}.log")
    m["said"] = h.last_json(m.pop("stdout"))
    check = tools("verify", alerts)
    m["answer"] = check
    m["right"] = check["sha256"] == oracle["alerts_sha256"] and check["duplicates"] == 0
    shutil.rmtree(h.WORK / app, ignore_errors=True)
    return m


def rates(m, events):
    """Events/s from process start, and from the first record: each program's own clock."""
    said = m["said"]
    from_first = said.get("seconds_from_first")
    return events / said.get("seconds", m["wall_s"]), events / from_first if from_first else None


def drain_row(name, rows, events):
    start, first = zip(*(rates(m, events) for m in rows))
    return [
        name,
        h.spread(first),
        h.spread(start),
        h.spread([events / m["wall_s"] for m in rows]),
        h.spread([m["cpu_s"] for m in rows]),
        h.spread([m["broker_cpu_s"] for m in rows]),
        h.spread([m["peak_rss_mb"] for m in rows]),
        "the oracle's, no duplicate" if all(m["right"] for m in rows) else "WRONG",
    ]


def paced(name, events):
    """Latency at a steady rate while the engine runs: 4,000,000 events of history, then 38 s at 20,000 events/s."""
    app = f"paced-{name}-{os.getpid()}"
    source, alerts = f"events-{app}", f"at-risk-{app}"
    tools("create", source, alerts, f"{alerts}.dlq", f"{app}.journal")
    command, env, stop = engine(name, app, source, alerts, paced=True)
    make_topics(name, command, env)
    with open(h.WORK / f"{app}.log", "wb") as log:
        process = subprocess.Popen([str(c) for c in command], env={**os.environ, **env}, stdout=log, stderr=log, cwd=h.ROOT)
        try:
            result = tools("paced", events, source, alerts, 20_000, 8, 30, 4_000_000, app)
        finally:
            stop(process)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    (h.WORK / f"{app}.stop").unlink(missing_ok=True)
    shutil.rmtree(h.WORK / app, ignore_errors=True)
    return result


def measure(o, events, oracle):
    source = f"events-{o.events}-{os.getpid()}"
    if o.runs:
        tools("create", source)
        h.say("loading the topic")
        kafka("load", str(events), source)
        h.say(f"{o.engines[0]} once, not counted")
        drain(o.engines[0], "warm", source, oracle)
    drains = {name: [] for name in o.engines}
    for run in range(o.runs):
        for name in o.engines:
            m = drain(name, run, source, oracle)
            drains[name].append(m)
            _, first = rates(m, o.events)
            h.say(f"{name} {run + 1}/{o.runs}: {m['wall_s']} s, {first or 0:,.0f} events/s from first, right: {m['right']}")
            time.sleep(2)
    latencies = {name: paced(name, events) for name in o.engines if name != "bare"} if o.paced else {}
    return drains, latencies


def ratios(drains, events):
    """What Holdfast's medians are of the others'."""
    median = {}
    for name, rows in drains.items():
        pace = [first for first in (rates(m, events)[1] for m in rows) if first]
        cpu = [m["cpu_s"] + m["broker_cpu_s"] for m in rows]
        if pace:
            median[name] = statistics.median(pace), statistics.median(cpu)
    if "holdfast" not in median:
        return []
    pace, cpu = median.pop("holdfast")
    lines = [f"| {name} | {pace / p:.2f} | {cpu / c:.2f} |" for name, (p, c) in median.items()]
    return ["", "| Holdfast to | events/s | CPU s, broker included |", "| --- | --- | --- |", *lines] if lines else []


def report(o, about, drains, latencies):
    share = min((m["share_of_busy_cpu"] for rows in drains.values() for m in rows), default=0.0)
    command = f"benches/side_by_side.py --engines {','.join(o.engines)} --runs {o.runs} --events {o.events}"
    notes = [
        f"{o.events:,} events, {o.customers:,} customers, 4 partitions, one broker on the same cores; min / median / max of "
        f"{o.runs} runs, the engines in turn. Each program's own clock, but for `whole process`: events over the process's "
        f"wall time. Engine and broker held at least {share:.0%} of the CPU that the machine spent."
    ]
    notes += ratios(drains, o.events)
    if latencies:
        notes += ["", "| 20,000 events/s | append p50 / p99 ms | visible p50 / p90 / p99 / max ms |", "| --- | --- | --- |"]
    for name, m in latencies.items():
        append, visible = m["append_ms"], m["visible_ms"]
        seen = " / ".join(str(visible[k]) for k in ("p50", "p90", "p99", "max"))
        notes.append(f"| {name} | {append['p50']} / {append['p99']} | {seen} |")
    h.write(
        about,
        "side-by-side",
        "Side by side on the same topic",
        command + (" --paced" if o.paced else ""),
        ["engine", "events/s from first record", "from start", "whole process", "app CPU s", "broker CPU s", "peak MB", "answer"],
        [drain_row(name, rows, o.events) for name, rows in drains.items() if rows],
        {"drain": drains, "paced": latencies},
        notes,
    )


def alerts_beforehand(events, oracle):
    """The bare loop does not know what to send: an offline run tells it, and the oracle whether that is right."""
    shutil.rmtree(KNOWN_ALERTS, ignore_errors=True)
    config = h.BENCHES / "spec" / "holdfast.toml"
    command = [h.HOLDFAST, "replay", "--events", events, "--config", config, "--out-dir", KNOWN_ALERTS]
    m = h.measured(command, log=h.WORK / "bare-replay.log")
    if m["exit"] != 0:
        raise SystemExit(f"replay: exit {m['exit']}, see {h.WORK}/bare-replay.log")
    found = h.alert_set((KNOWN_ALERTS / "alerts.jsonl").read_text().splitlines())
    if found["sha256"] != oracle["alerts_sha256"]:
        raise SystemExit("replay: not the oracle's alerts")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--engines", type=lambda s: s.split(","), default=["holdfast", "bare", "flink", "streams"])
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--customers", type=int, default=500_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--paced", action="store_true")
    o = parser.parse_args()
    events, oracle = h.workload(o.events, o.customers, o.seed)
    for name in set(o.engines) & set(PEERS) | {"streams"}:  # the tools are in the Streams project
        subprocess.run([str(PEERS[name]), "build"], check=True)
    if "bare" in o.engines:
        alerts_beforehand(events, oracle)
    kafka("wipe")
    kafka("start")
    try:
        about = h.machine()
        drains, latencies = measure(o, events, oracle)
        report(o, about, drains, latencies)
        wrong = [name for name, rows in drains.items() if not all(m["right"] for m in rows)]
    finally:
        kafka("wipe")
    if wrong:
        raise SystemExit(f"alerts differ from the oracle: {', '.join(wrong)}")


if __name__ == "__main__":
    pathlib.Path(h.WORK).mkdir(parents=True, exist_ok=True)
    main()
