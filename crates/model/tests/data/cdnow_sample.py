"""Writes cdnow_sample.csv: repeat purchases, recency and age of the 2,357 customers of CDNOW's sample, in days.

The data set of Fader and Hardie, as the Python package `lifetimes` 0.11.3 carries it. Purchases of one day are one
occasion; the calibration period ends 1997-09-30. Equal rows are one line with their number.

    pip download --no-deps lifetimes==0.11.3
    python crates/model/tests/data/cdnow_sample.py Lifetimes-0.11.3-py3-none-any.whl
"""
import sys
import zipfile
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

END = date(1997, 9, 30)

days = defaultdict(set)
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for line in wheel.read("lifetimes/datasets/CDNOW_sample.txt").decode().splitlines():
        _, customer, day, _, _ = line.split()
        when = date(int(day[:4]), int(day[4:6]), int(day[6:]))
        if when <= END:
            days[customer].add(when)
rows = Counter((len(d) - 1, (max(d) - min(d)).days, (END - min(d)).days) for d in days.values())
lines = [",".join(map(str, (*row, count))) + "\n" for row, count in sorted(rows.items())]
Path(__file__).with_suffix(".csv").write_text("frequency,recency_days,age_days,customers\n" + "".join(lines))
print(f"{len(days)} customers, {len(rows)} different rows")
