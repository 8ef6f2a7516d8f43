"""What the end-to-end benches share: the workload file, measured processes, results with the machine they came from."""
import datetime
import hashlib
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

BENCHES = pathlib.Path(__file__).resolve().parent
ROOT = BENCHES.parent
WORK = ROOT / "target" / "bench"
HOLDFAST = ROOT / "target" / "release" / "holdfast"

# Everything that Holdfast tells beside alerts, on top of a configuration that has it off.
TOLD = {"HOLDFAST__LIFECYCLE__ENABLED": "true", "HOLDFAST__PLAYBOOK__RULES": "ecommerce"}

# (events, customers, seed) -> (SHA-256 of the file, alerts, SHA-256 of the alerts); see SPEC.md.
KNOWN = {
    (5_000_000, 500_000, 1): (
        "b0bb7e822107767c45985d2d43e946938616cdbf96c726da780efcfb20e98261",
        54_271,
        "4e63681c062f9bcfdae33ba1c7f4c24f02b443e694e44b2cc4d3b71d620dd135",
    ),
}


def say(text):
    print(text, file=sys.stderr, flush=True)


def workload(events, customers, seed):
    """The workload file (made if missing) and its oracle: {alerts, alerts_sha256}."""
    WORK.mkdir(parents=True, exist_ok=True)
    path = WORK / f"events-{events}-{customers}-{seed}.tsv"
    known = KNOWN.get((events, customers, seed))
    if not path.exists():
        say(f"writing {path.name}")
        part = path.with_suffix(".part")
        arguments = [str(x) for x in (events, customers, seed, part)]
        subprocess.run([sys.executable, str(BENCHES / "gen_events.py"), *arguments], check=True)
        if known and file_sha256(part) != known[0]:
            sys.exit(f"{part}: not the file of SPEC.md; another numpy may draw other numbers")
        part.rename(path)
    if known:
        return path, {"alerts": known[1], "alerts_sha256": known[2]}
    oracle = path.with_suffix(".oracle.json")
    if not oracle.exists():
        say(f"asking the oracle about {path.name}")
        out = subprocess.run([sys.executable, str(BENCHES / "reference.py"), str(path)], check=True, capture_output=True)
        oracle.write_bytes(out.stdout)
    answer = json.loads(oracle.read_text())
    return path, {k: answer[k] for k in ("alerts", "alerts_sha256")}


def file_sha256(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def alert_set(values):
    """Count, distinct pairs and SHA-256 of alert values (JSON text), hashed as the oracle does."""
    pairs = []
    for value in values:
        alert = json.loads(value)
        pairs.append("%s,%s\n" % (alert["customer_id"], alert["event_id"]))
    distinct = sorted(set(pairs))
    digest = hashlib.sha256("".join(distinct).encode()).hexdigest()
    return {"alerts": len(pairs), "distinct": len(distinct), "sha256": digest}


def cpu_of(pid):
    """CPU seconds that a running process has used."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def busy_seconds():
    """CPU seconds that the whole machine has been busy, everything but idle and waiting for disks."""
    fields = [int(x) for x in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def measured(command, env=None, timeout=900, log=None):
    """Runs a command to its end: wall and CPU seconds, peak memory, exit code, standard output."""
    out = open(WORK / "stdout", "w+b")
    err = open(log, "wb") if log else subprocess.DEVNULL
    start = time.monotonic()
    process = subprocess.Popen(
        [str(c) for c in command], stdout=out, stderr=err, cwd=ROOT, env={**os.environ, **(env or {})}
    )
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        if time.monotonic() - start > timeout:
            process.kill()
            os.wait4(process.pid, 0)
            raise SystemExit(f"{command[0]}: no end after {timeout} s")
        time.sleep(0.01)
    seconds = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    out.seek(0)
    text = out.read().decode()
    out.close()
    return {
        "wall_s": round(seconds, 2),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_rss_mb": usage.ru_maxrss // 1024,
        "exit": process.returncode,
        "stdout": text,
    }


def last_json(text):
    """The last line of a program's output that is a JSON object."""
    for line in reversed(text.splitlines()):
        if line.startswith("{"):
            return json.loads(line)
    return {}


def machine():
    cpu = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())[1])
    git = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], capture_output=True, text=True)
    return {
        "date": datetime.date.today().isoformat(),
        "cpu": cpu[1].strip() if cpu else "unknown",
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 2**20),
        "kernel": os.uname().release,
        "load_before": round(os.getloadavg()[0], 2),
        "commit": git.stdout.strip() or "unknown",
    }


def results_dir(about):
    slug = re.sub(r"[^a-z0-9]+", "-", about["cpu"].lower().replace("processor", "")).strip("-")
    path = BENCHES / "results" / f"{about['date']}-{about['cores']}x-{slug}"
    path.mkdir(parents=True, exist_ok=True)
    return path


def spread(values):
    """`min / median / max`, or the one value."""
    values = sorted(v for v in values if v is not None)
    if not values:
        return "-"
    texts = [f"{v:,.0f}" if v >= 100 else f"{v:.1f}" for v in (values[0], statistics.median(values), values[-1])]
    return texts[0] if len(values) == 1 else " / ".join(texts)


def table(columns, rows):
    """Lines of a Markdown table that can be read as they are."""
    lines = [[str(c) for c in line] for line in (columns, ["---" for _ in columns], *rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    return ["| " + " | ".join(c.ljust(w) for c, w in zip(line, widths)) + " |" for line in lines]


def markdown(title, about, command, columns, rows, notes=()):
    lines = [
        f"# {title}",
        "",
        f"{about['date']}, {about['cores']} cores ({about['cpu']}), {about['memory_gb']} GB, Linux {about['kernel']}, "
        f"load before {about['load_before']}, commit {about['commit']}. Command: `{command}`.",
        "",
        *table(columns, rows),
    ]
    lines += ["", *notes] if notes else []
    return "\n".join(lines) + "\n"


def write(about, name, title, command, columns, rows, data, notes=()):
    """Writes NAME.md and NAME.json into the dated folder of this machine, and prints the table."""
    directory = results_dir(about)
    text = markdown(title, about, command, columns, rows, notes)
    (directory / f"{name}.md").write_text(text)
    (directory / f"{name}.json").write_text(json.dumps({"machine": about, "command": command, **data}, indent=1) + "\n")
    print(text)
    say(f"written: {(directory / name).relative_to(ROOT)}.md and .json")
