#!/usr/bin/env python3
"""Runs the benches of each stage and of the memory, and keeps their figures: one row per bench.

usage: benches/stages.py [FILTER]
"""
import json
import re
import subprocess
import sys

import harness as h

CRITERION = h.ROOT / "target" / "criterion"


def estimates():
    """(name, ns per element, elements/s) of every bench that criterion kept, by its own median."""
    for path in sorted(CRITERION.glob("*/*/new/benchmark.json")):
        about = json.loads(path.read_text())
        median = json.loads((path.parent / "estimates.json").read_text())["median"]["point_estimate"]
        elements = about["throughput"]["Elements"]
        yield about["full_id"], median / elements, elements * 1e9 / median


def memory(text):
    """(workload, bytes per customer) rows of the memory bench."""
    workload = None
    for line in text.splitlines():
        if match := re.match(r"(.+): \d+ customers, [\d.]+ events each", line):
            workload = line.strip()
        elif workload and (match := re.match(r"\s+(.+?)\s+([\d.]+) bytes per customer", line)):
            yield workload, match[1], float(match[2])


def main():
    about = h.machine()
    subprocess.run(["rm", "-rf", str(CRITERION)], check=True)
    command = ["cargo", "bench", "--locked", "--package", "holdfast-benches", *sys.argv[1:]]
    out = subprocess.run(command, cwd=h.ROOT, check=True, stdout=subprocess.PIPE, text=True)
    sys.stderr.write(out.stdout)
    found, bytes_of = list(estimates()), list(memory(out.stdout))
    rows = [[name, f"{ns:,.1f} ns", f"{rate:,.0f}"] for name, ns, rate in found]
    notes = [f"- {what}: {size:.1f} bytes per customer, all parts" for what, part, size in bytes_of if part == "all"]
    h.write(
        about,
        "stages",
        "Each stage by itself",
        " ".join(command),
        ["stage", "per element", "elements/s"],
        rows,
        {"stages": found, "memory": bytes_of},
        ["Medians by criterion, one thread; an element is an event or a customer.", "", *notes],
    )


if __name__ == "__main__":
    main()
