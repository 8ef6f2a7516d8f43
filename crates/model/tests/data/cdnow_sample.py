"""Writes cdnow_sample.csv: repeat purchases, recency and age of the 2,357 customers of CDNOW's sample, in days; and
cdnow_spend.csv: repeat purchases of those who made some, and what they spent at them in cents, the first one left out.

The data set of Fader and Hardie, as the Python package `lifetimes` 0.11.3 carries it. Purchases of one day are one
occasion; the calibration period ends 1997-09-30. Equal rows are one line with their number.

    pip download --no-deps lifetimes==0.11.3
    python crates/model/tests/data/cdnow_sample.py Lifetimes-0.11.3-py3-none-any.whl
"""
import sys
import zipfile
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

END = date(1997, 9, 30)

days = defaultdict(lambda: defaultdict(Decimal))
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for line in wheel.read("lifetimes/datasets/CDNOW_sample.txt").decode().splitlines():
        _, customer, day, _, amount = line.split()
        when = date(int(day[:4]), int(day[4:6]), int(day[6:]))
        if when <= END:
            days[customer][when] += Decimal(amount)
rows = Counter((len(d) - 1, (max(d) - min(d)).days, (END - min(d)).days) for d in days.values())
lines = [",".join(map(str, (*row, count))) + "\n" for row, count in sorted(rows.items())]
Path(__file__).with_suffix(".csv").write_text("frequency,recency_days,age_days,customers\n" + "".join(lines))
print(f"{len(days)} customers, {len(rows)} different rows")
spends = Counter((len(d) - 1, int(100 * (sum(d.values()) - d[min(d)]))) for d in days.values() if len(d) > 1)
lines = [",".join(map(str, (*row, count))) + "\n" for row, count in sorted(spends.items())]
Path(__file__).with_name("cdnow_spend.csv").write_text("frequency,cents,customers\n" + "".join(lines))
print(f"{sum(spends.values())} of them came again")
