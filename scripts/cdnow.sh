#!/usr/bin/env bash
# The CDNOW purchase log as events: every purchase of the 23,570 customers who first bought in the first quarter of
# 1997 (Fader and Hardie 2001), taken from the PyPI package lifetimes 0.11.3 (MIT), file CDNOW_master.txt.
#
#   scripts/cdnow.sh            writes models/cdnow/events.jsonl.gz
#   scripts/cdnow.sh --check    converts again and compares with the shipped file; exit 1 if they differ
#
# One event per line of the source: event_id is the line's number, ts its date at 00:00 UTC, in the order of (date,
# line). Equal input gives equal bytes. Needs python3 with pip.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=models/cdnow/events.jsonl.gz
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m pip download --quiet --no-deps --dest "$work" lifetimes==0.11.3
python3 - "$work" "$out" "${1:-}" <<'PY'
import glob, gzip, hashlib, io, sys, zipfile
from datetime import datetime, timezone

WHEEL_SHA256 = "261e3dc89977c2b60767ca6728aaa29d429de0c814635070a749c36555895da8"
work, out, mode = sys.argv[1:4]
wheel = glob.glob(work + "/*.whl")[0]
found = hashlib.sha256(open(wheel, "rb").read()).hexdigest()
if found != WHEEL_SHA256:
    sys.exit(f"{wheel}: sha256 is {found}, expected {WHEEL_SHA256}")
source = zipfile.ZipFile(wheel).read("lifetimes/datasets/CDNOW_master.txt").decode("ascii")
rows = [line.split() for line in source.splitlines()[1:] if line.strip()]
events = []
for number, (customer, date, units, dollars) in enumerate(rows, 1):
    day = datetime.strptime(date, "%Y%m%d").replace(tzinfo=timezone.utc)
    events.append((int(day.timestamp()) * 1000, number, customer, dollars, units))
events.sort()
text = "".join(
    f'{{"event_id":"cdnow-{number:05}","customer_id":"c{customer}","type":"purchase","ts":{ts},'
    f'"amount":{dollars},"currency":"USD","items":{units}}}\n'
    for ts, number, customer, dollars, units in events
).encode()
print(f"{len(events)} events, {len({e[2] for e in events})} customers, sha256 {hashlib.sha256(text).hexdigest()}")
if mode == "--check":
    if gzip.open(out).read() != text:
        sys.exit(f"{out} differs from the conversion of its source")
    sys.exit()
packed = io.BytesIO()
with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=9, mtime=0) as f:
    f.write(text)
open(out, "wb").write(packed.getvalue())
PY
