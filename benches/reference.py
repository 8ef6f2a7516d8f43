#!/usr/bin/env python3
"""Oracle for benches/SPEC.md: the right alerts for an events file, one process, no engine.

    python3 reference.py events.tsv [--limit N] [--dump FILE]     -> one JSON line

Exact semantics (every engine must give this alert set):

* Order. Events of one customer are handled in arrival order (file order = offset order in the
  customer's partition; partitions don't interact). Nothing is re-sorted, buffered for a watermark
  or dropped as late: an event up to 5 minutes out of order is handled when it arrives, with its own ts.
* On an event e with ts (ms), day D = ts // 86_400_000 (UTC day), in this order:
  1. if e is a purchase: P = max(P, ts). P = the greatest ts among this customer's purchases that have
     arrived, e included (a late purchase moves it only if it is later than P).
  2. e is added to the bucket of its own day D: purchase -> count and amount,
     support_contact -> count, cart_abandon -> count.
  3. frequency_30d, monetary_30d, support_30d, abandons_30d = sums over the 30 day buckets
     D-29 .. D (so e counts; a bucket later than D, made by an earlier arrival past midnight, does not).
  4. if the customer has no purchase so far (e included): no score, no alert. Else
     recency_days = max(0, ts - P) / 86_400_000 (a real number; 0 at a purchase) and
     p = sigmoid(-1.5 + .05 r - .35 f - .004 m + .6 s + .4 a).
  5. if p >= 0.8 and (no alert yet or ts - last_alert_ts >= 604_800_000): alert, last_alert_ts = ts
     (a late event with ts < last_alert_ts + 7 d doesn't alert).
* Every event goes through 1-5, whatever its type.

alerts_sha256: SHA-256 over the sorted lines "customer_id,event_id\n", compared as bytes.
"""
import argparse
import hashlib
import json
import math
import resource
import sys
import time

try:
    import orjson
    loads = orjson.loads
except ImportError:  # the standard library gives the same values
    loads = json.loads

DAY = 86_400_000
COOLDOWN = 7 * DAY
exp = math.exp


def step(st, typ, ts, amount):
    """st = [last_purchase_ts, last_alert_ts, {day: [n, sum, support, abandons]}]; -> alert tuple or None."""
    day = ts // DAY
    last = st[0]
    b = st[2]
    if typ == "purchase":
        x = b.get(day)
        if x is None:
            x = b[day] = [0, 0.0, 0, 0]
        x[0] += 1
        x[1] += amount
        if last is None or ts > last:
            st[0] = last = ts
    elif typ == "support_contact":
        x = b.get(day)
        if x is None:
            x = b[day] = [0, 0.0, 0, 0]
        x[2] += 1
    elif typ == "cart_abandon":
        x = b.get(day)
        if x is None:
            x = b[day] = [0, 0.0, 0, 0]
        x[3] += 1
    if last is None:  # nobody who hasn't bought yet is scored
        return None
    rec = (ts - last) / DAY if ts > last else 0.0
    f = s = a = 0
    m = 0.0
    lo = day - 29
    old = None
    for d in sorted(b):
        if d < lo:
            if d < lo - 1:  # 1 day of slack for late events
                old = (old or []) + [d]
            continue
        if d > day:
            continue
        x = b[d]
        f += x[0]
        m += x[1]
        s += x[2]
        a += x[3]
    if old:
        for d in old:
            del b[d]
    p = 1.0 / (1.0 + exp(-(-1.5 + 0.05 * rec - 0.35 * f - 0.004 * m + 0.6 * s + 0.4 * a)))
    if p >= 0.8:
        la = st[1]
        if la is None or ts - la >= COOLDOWN:
            st[1] = ts
            return (p, rec, f, m, s, a)
    return None


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("file")
    ap.add_argument("--limit", type=int, default=0)
    ap.add_argument("--dump", help="write the sorted customer_id,event_id lines here")
    ap.add_argument("--full", help="write every alert as a JSON line here, in file order")
    o = ap.parse_args()
    t0 = time.time()
    state, out, n = {}, [], 0
    full = open(o.full, "w") if o.full else None
    with open(o.file, "rb") as fh:
        for line in fh:
            key, _, val = line.partition(b"\t")
            e = loads(val)
            st = state.get(key)
            if st is None:
                st = state[key] = [None, None, {}]
            r = step(st, e["type"], e["ts"], e["amount"])
            n += 1
            if r is not None:
                out.append("%s,%s\n" % (e["customer_id"], e["event_id"]))
                if full:
                    full.write(json.dumps(dict(zip(
                        ("customer_id", "event_id", "ts", "p", "recency_days", "frequency_30d",
                         "monetary_30d", "support_30d", "abandons_30d"),
                        (e["customer_id"], e["event_id"], e["ts"]) + r))) + "\n")
            if o.limit and n >= o.limit:
                break
    dt = time.time() - t0
    out.sort()
    h = hashlib.sha256("".join(out).encode()).hexdigest()
    if o.dump:
        with open(o.dump, "w") as fh:
            fh.writelines(out)
    ru = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps(dict(engine="reference", config="python single process, file", events=n,
                          seconds=round(dt, 1), events_per_s=round(n / dt), cpu_s=round(ru.ru_utime + ru.ru_stime, 1),
                          peak_rss_mb=ru.ru_maxrss // 1024, customers=len(state), alerts=len(out), alerts_sha256=h)))


if __name__ == "__main__":
    sys.exit(main())
