#!/usr/bin/env python3
"""How long a kill -9 in the middle of a drain takes until the first new event is processed and committed.

usage: benches/recovery.py [--kills K] [--events N] [--customers N] [--seed S]

One topic on a real broker, read from its start at full speed. Holdfast is killed K times, spread over the drain by the
seed, and started again at once with the same name. Measured from the start of the process to the first look at /metrics
(every 5 ms) that shows new events applied and a transaction committed. Then it ends by SIGTERM, which leaves snapshots, and
the next start tells how long they take to restore. At the end the alerts are compared with the oracle's.
"""
import argparse
import datetime
import json
import os
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import time
import urllib.error
import urllib.request

import harness as h
from side_by_side import BROKER, kafka

PATIENCE = 60
WANTED = {"applied": r"^holdfast_events_applied_total (\d+)", "committed": r'^holdfast_transactions_total\{result="committed"\} (\d+)'}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def topics(app, partitions=4):
    for name in (f"{app}.events", f"{app}.at-risk", f"{app}.dlq", f"{app}.journal"):
        kafka("create-topic", name, str(partitions))


class Run:
    """One life of the process."""

    def __init__(self, app, life, *arguments):
        self.port = free_port()
        env = {
            "HOLDFAST__APP__ID": app,
            "HOLDFAST__SOURCE__KIND": "kafka",
            "HOLDFAST__KAFKA__BOOTSTRAP_SERVERS": BROKER,
            "HOLDFAST__KAFKA__INSTANCE_ID": f"{app}-0",
            "HOLDFAST__TOPICS__INPUT": f"{app}.events",
            "HOLDFAST__TOPICS__ALERTS": f"{app}.at-risk",
            "HOLDFAST__TOPICS__DEAD_LETTERS": f"{app}.dlq",
            "HOLDFAST__SNAPSHOT__LOCATION": str(h.WORK / app / "snapshots"),
            "HOLDFAST__HTTP__LISTEN": f"127.0.0.1:{self.port}",
        }
        self.log = h.WORK / app / f"life-{life}.log"
        command = [h.HOLDFAST, "run", "--config", h.BENCHES / "spec" / "holdfast.toml", *arguments]
        with open(self.log, "wb") as log:
            self.began = time.monotonic()
            self.process = subprocess.Popen(
                [str(c) for c in command], env={**os.environ, **env}, stdout=log, stderr=log, cwd=h.ROOT
            )

    def metrics(self):
        try:
            text = urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=1).read().decode()
        except (urllib.error.URLError, OSError):
            return {name: 0 for name in WANTED}
        found = {name: re.search(pattern, text, re.M) for name, pattern in WANTED.items()}
        return {name: int(match[1]) if match else 0 for name, match in found.items()}

    def first_new(self):
        """Seconds from the start of the process to the first new events, and to the first commit of some."""
        applied = None
        while time.monotonic() - self.began < PATIENCE:
            now = self.metrics()
            seconds = time.monotonic() - self.began
            if now["applied"] and applied is None:
                applied = seconds
            if now["applied"] and now["committed"]:
                return applied, seconds
            if self.process.poll() is not None:
                raise SystemExit(f"it ended with {self.process.returncode} before a new event, see {self.log}")
            time.sleep(0.005)
        raise SystemExit(f"no new event within {PATIENCE} s, see {self.log}")

    def work(self, events):
        """Waits until so many new events are applied; how many are."""
        while (done := self.metrics()["applied"]) < events:
            if self.process.poll() is not None:
                raise SystemExit(f"it ended with {self.process.returncode}, see {self.log}")
            time.sleep(0.005)
        return done

    def restored(self):
        """Customers in the snapshots that were loaded, and seconds from the partitions' assignment until all are live."""
        began, ended, customers = None, None, 0
        for line in self.log.read_text().splitlines():
            entry = json.loads(line) if line.startswith("{") else {}
            if "timestamp" not in entry:
                continue  # the summary at the end
            at = datetime.datetime.fromisoformat(entry["timestamp"])
            if entry.get("message") == "partitions assigned":
                began = began or at
            elif entry.get("message") == "snapshot loaded":
                customers += entry["customers"]
            elif entry.get("message") == "live":
                ended = at
        return {"customers": customers, "seconds": round((ended - began).total_seconds(), 2)}

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def alerts(app):
    """What a read_committed subscriber sees."""
    command = ["kcat", "-C", "-b", BROKER, "-t", f"{app}.at-risk", "-e", "-q", "-o", "beginning"]
    out = subprocess.run([*command, "-X", "isolation.level=read_committed"], check=True, capture_output=True, text=True)
    return h.alert_set(out.stdout.splitlines())


def measure(o, app):
    rng = random.Random(o.seed)
    run = Run(app, 0)
    run.first_new()
    lives = []
    share = o.events / (o.kills + 1)
    for life in range(1, o.kills + 1):
        done = run.work(share * rng.uniform(0.4, 1.2))
        run.kill()
        run = Run(app, life)
        applied, committed = run.first_new()
        lives.append({"applied_before_kill": done, "first_event_s": round(applied, 3), "first_commit_s": round(committed, 3)})
        h.say(f"kill {life}: {done:,} events in that life, first new event after {applied:.2f} s, committed {committed:.2f} s")
    left = run.process.poll() is None
    run.process.send_signal(signal.SIGTERM)
    if run.process.wait(60) != 0 or not left:
        raise SystemExit(f"it did not end well, see {run.log}")
    last = Run(app, o.kills + 1, "--until-end")
    last.first_new()  # or there was nothing left, and the kills were not in the middle
    if last.process.wait(300) != 0:
        raise SystemExit(f"the rest was not worked off, see {last.log}")
    return lives, last.restored()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    o = parser.parse_args()
    events, oracle = h.workload(o.events, o.customers, o.seed)
    app = f"recovery-{os.getpid()}"
    (h.WORK / app).mkdir(parents=True)
    kafka("wipe")
    kafka("start")
    try:
        about = h.machine()
        topics(app)
        h.say("loading the topic")
        kafka("load", str(events), f"{app}.events")
        lives, restored = measure(o, app)
        seen = alerts(app)
    finally:
        kafka("wipe")
    right = seen["sha256"] == oracle["alerts_sha256"] and seen["alerts"] == seen["distinct"] == oracle["alerts"]
    answer = "the oracle's, none twice" if right else "WRONG"
    seconds = sorted(life["first_commit_s"] for life in lives)
    events_s = sorted(life["first_event_s"] for life in lives)
    row = lambda what, values: [what, f"{statistics.median(values):.2f}", f"{values[-1]:.2f}"]
    h.write(
        about,
        "recovery",
        "Kill -9 in the middle of a drain",
        f"benches/recovery.py --kills {o.kills} --events {o.events} --customers {o.customers}",
        ["from the start of the process to", "median s", "max s"],
        [row("the first new event applied", events_s), row("the first commit of new events", seconds)],
        {"lives": lives, "restored": restored, "alerts": seen, "oracle": oracle, "right": right},
        [
            f"{o.events:,} events, {o.customers:,} customers, 4 partitions, one broker on the same cores, {o.kills} kills; "
            f"alerts: {answer}. Time-outs and the log behind the last snapshot (at most a million events per partition) are "
            f"part of it.",
            f"After a SIGTERM at the end: {restored['customers']:,} customers restored from snapshots in "
            f"{restored['seconds']:.2f} s, from the assignment of the partitions until all are live.",
        ],
    )
    shutil.rmtree(h.WORK / app, ignore_errors=True)
    if not right:
        raise SystemExit("alerts differ from the oracle")


if __name__ == "__main__":
    main()
