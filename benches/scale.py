#!/usr/bin/env python3
"""Whether cost grows linearly: the same two jobs at 0.1, 1 and 10 million customers, offline, one thread.

usage: benches/scale.py [--runs R] [--largest CUSTOMERS] [--part jobs|images]          (needs matplotlib)

Events come from `benches/scale/visits.rs` through a pipe, about 9.3 for each customer over 90 days, so that no file of
gigabytes is needed. CPU seconds are those of the engine alone, whatever the generator or other programs do. Then images of
the same states (`benches/stages/image.rs`): bytes of a snapshot, and the seconds to restore it. Runs of the largest size are
not repeated. It takes ten minutes; one part alone leaves the other's figures as they were last measured.
"""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import time

import harness as h

VISITS = h.ROOT / "target/release/examples/visits"
SIZES = (100_000, 1_000_000, 10_000_000)
# Alerts are decided and counted, and not written: nobody in this workload stays, so nearly everyone ends at risk.
UNWRITTEN = {"HOLDFAST__ALERTS__NOT_BEFORE": "2090-01-01"}


def streamed(customers, arguments, env):
    """One replay of generated events, by pipe: CPU seconds, wall seconds, peak memory, its own summary."""
    out = h.WORK / "scale-out"
    shutil.rmtree(out, ignore_errors=True)
    source = subprocess.Popen([VISITS, str(customers)], stdout=subprocess.PIPE)
    command = [h.HOLDFAST, "replay", "--events", "-", *arguments, "--out-dir", out]
    began = time.monotonic()
    engine = subprocess.Popen(
        [str(c) for c in command],
        stdin=source.stdout,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **env},
    )
    source.stdout.close()
    _, status, usage = os.wait4(engine.pid, 0)
    engine.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - began
    if engine.returncode or source.wait():
        raise SystemExit(f"replay: exit {engine.returncode}, visits: exit {source.returncode}")
    summary = json.loads((out / "summary.json").read_text())
    shutil.rmtree(out)
    cpu = usage.ru_utime + usage.ru_stime
    return {
        "customers": summary["customers"],
        "events": summary["events"],
        "alerts": summary["alerts"],
        "wall_s": round(seconds, 2),
        "cpu_s": round(cpu, 2),
        "ns_per_event": round(cpu * 1e9 / summary["events"], 1),
        "peak_rss_mb": usage.ru_maxrss // 1024,
        "rss_bytes_per_customer": round(usage.ru_maxrss * 1024 / summary["customers"], 1),
    }


def image(customers):
    """What the bench of images prints for this many customers: name -> (value, unit)."""
    command = ["cargo", "bench", "--locked", "--package", "holdfast-benches", "--bench", "image", "--", str(customers)]
    out = subprocess.run(command, cwd=h.ROOT, check=True, capture_output=True, text=True).stdout
    found = re.findall(r"^  (\S.*?) {2,}([\d.]+) (.+)$", out, re.M)
    return {name: (float(value), unit) for name, value, unit in found}


def plot(path, jobs):
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot as plt

    matplotlib.rcParams["svg.hashsalt"] = "holdfast"
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    for name, by_size in jobs.items():
        of = lambda key: [statistics.median(r[key] for r in runs) for runs in by_size.values()]
        left.plot(of("customers"), of("ns_per_event"), marker="o", label=name)
        right.plot(of("customers"), of("rss_bytes_per_customer"), marker="o", label=name)
    for axis, title in ((left, "CPU, ns per event"), (right, "resident memory, bytes per customer")):
        axis.set(xscale="log", xlabel="customers", title=title, ylim=(0, None))
        axis.grid(alpha=0.3)
    left.legend()
    figure.savefig(path, metadata={"Date": None})


def measure_jobs(sizes, runs):
    few, model = h.WORK / "visits.tsv", h.WORK / "visits-model.json"
    with open(few, "wb") as f:
        subprocess.run([VISITS, str(SIZES[0])], check=True, stdout=f)
    train = [h.HOLDFAST, "train", "--events", few, "--horizon-days", "14", "--label", "any", "--currency", "ignore"]
    subprocess.run([*train, "--out", model], check=True, stderr=subprocess.DEVNULL)
    few.unlink()
    columns = len(json.loads(model.read_text())["columns"])
    arguments = {
        "job of SPEC.md": (["--config", h.BENCHES / "spec/holdfast.toml"], {}),
        f"{columns} columns, silence on": (["--config", h.BENCHES / "silence.toml", "--model", model], UNWRITTEN),
    }
    jobs = {}
    for name, (options, env) in arguments.items():
        jobs[name] = {}
        for size in sizes:
            count = runs if size < SIZES[-1] else 1
            jobs[name][str(size)] = [streamed(size, options, env) for _ in range(count)]
            h.say(f"{name}, {size:,}: {jobs[name][str(size)]}")
    return jobs


def row(name, runs):
    spread = lambda key: h.spread([r[key] for r in runs])
    return [
        name,
        f"{runs[0]['customers']:,}",
        f"{runs[0]['events']:,}",
        *(spread(key) for key in ("ns_per_event", "cpu_s", "peak_rss_mb", "rss_bytes_per_customer")),
    ]


def images_table(images):
    yield "| customers | snapshot, bytes per customer | words and ids, restored in | decisions, restored in | longest pause, a piece | longest pause, decisions |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for size, of in images.items():
        packed = of["compressed, zstd 1"][0] + of["decisions, compressed, zstd 1"][0]
        restored = (of["restoring all"][0] / 1e3, of["decisions, restoring all"][0] / 1e3)
        pauses = (of["a piece at most"][0] / 1e3, of["decisions, copying"][0] / 1e3)
        cells = [f"{int(size):,}", f"{packed:.1f}", *(f"{s:.2f} s" for s in restored), *(f"{ms:.1f} ms" for ms in pauses)]
        yield "| " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--largest", type=int, default=SIZES[-1])
    parser.add_argument("--part", choices=["jobs", "images"])
    o = parser.parse_args()
    sizes = [s for s in SIZES if s <= o.largest]
    about = h.machine()
    h.WORK.mkdir(parents=True, exist_ok=True)
    kept = h.results_dir(about) / "scale.json"
    known = json.loads(kept.read_text()) if o.part and kept.exists() else {}
    jobs, images = known.get("jobs", {}), known.get("images", {})
    if o.part != "images":
        jobs = measure_jobs(sizes, o.runs)
    if o.part != "jobs":
        images = {str(size): image(size) for size in sizes}
    plot(h.results_dir(about) / "scale.svg", jobs)
    h.write(
        about,
        "scale",
        "Cost against size",
        f"benches/scale.py --runs {o.runs} --largest {o.largest}",
        ["job", "customers", "events", "CPU ns per event", "CPU s", "peak MB", "bytes per customer"],
        [row(name, runs) for name, by_size in jobs.items() for runs in by_size.values()],
        {"jobs": jobs, "images": images},
        [
            "One thread; min / median / max of the runs, one run of the largest. The second job decides its alerts and does",
            "not write them. Resident memory is the peak of the whole process over its customers.",
            "",
            "![CPU per event and memory per customer](scale.svg)",
            "",
            "Images of the same states, one run each:",
            "",
            *images_table(images),
        ],
    )


if __name__ == "__main__":
    main()
