#!/usr/bin/env python3
"""Who is at risk now: reads Holdfast's alerts, and keeps the open ones.

    scripts/python.sh confluent-kafka==2.16.1 -- models/alerts.py --brokers 127.0.0.1:9092
    python3 models/alerts.py --file out/alerts.jsonl        # those of `holdfast replay`, without Kafka

In a notebook each `# %%` is a cell. `schemas/alert.schema.json` describes every field of an alert.
"""

# %% The subscriber
import argparse
import datetime
import json
import time


def subscriber(brokers, topic, group):
    # Imported here, so that the rest works without Kafka.
    from confluent_kafka import Consumer

    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": group,
            # Alerts go out in transactions: this leaves out those that were never committed. The default of Kafka's own
            # Java client is to read them.
            "isolation.level": "read_committed",
            # A group that is new begins with the oldest alert there is.
            "auto.offset.reset": "earliest",
            # A record counts as read once it was dealt with (`store_offsets` below), not once it was fetched.
            "enable.auto.offset.store": False,
            # TLS and SASL go here too: "security.protocol": "SASL_SSL", "sasl.username": ..., "sasl.password": ...
        }
    )
    consumer.subscribe([topic])
    return consumer


def from_kafka(consumer, idle_s=None):
    """Alerts as they come, for ever, or until none came for `idle_s` seconds."""
    last = time.monotonic()
    while idle_s is None or time.monotonic() - last < idle_s:
        message = consumer.poll(1.0)  # not longer, or Ctrl-C would have to wait for the next alert
        if message is None:
            continue
        if message.error():
            raise SystemExit(f"error: {message.error()}")
        yield json.loads(message.value())
        # Back here the caller is done with it. Whoever is killed in between reads it again after the start: take
        # `alert_id` as the idempotency key of what you send elsewhere.
        consumer.store_offsets(message)
        last = time.monotonic()


def from_file(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


# %% What an alert says
def day(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc).date().isoformat() if ms else "never"


def told(alert):
    """One line for people."""
    return "{day}  {kind:<9}  {customer}  {p:.0%}  {spend:.2f} {currency} in 90 days, last purchase {last}: {text}".format(
        day=day(alert["as_of"]),
        # opened, escalated: at risk. recovered: not any more. lapsed, churned: gone.
        kind=alert["kind"],
        customer=alert["customer_id"],
        p=alert["churn_probability"],
        spend=alert["spend_90d"],
        currency=alert["currency"] or "",
        last=day(alert["last_purchase_ms"]),
        text=alert["text"],
    )


def against(alert, count=3):
    """The strongest reasons that speak for leaving: log-odds above those of the average customer, as sentences."""
    return [reason["text"] for reason in alert["reasons"] if reason["contribution"] > 0][:count]


def keep(at_risk, alert):
    """Takes an alert into {customer_id: newest alert} of the open episodes; the same alert twice changes nothing.

    Alerts are keyed by customer, so those of one customer come in order. `expires_at` is null where an episode ends.
    """
    if alert["expires_at"] is None:
        at_risk.pop(alert["customer_id"], None)
    else:
        at_risk[alert["customer_id"]] = alert


# %% The loop
def follow(alerts):
    at_risk = {}
    try:
        for alert in alerts:
            keep(at_risk, alert)
            print(told(alert), flush=True)
    except KeyboardInterrupt:
        pass  # Ctrl-C, or a notebook's stop button: what came until then stays
    return at_risk


# %% Whom to call first: what would be lost, by what the customer spent
def by_value(at_risk):
    return sorted(at_risk.values(), key=lambda alert: -alert["churn_probability"] * alert["spend_90d"])


# %% All of it from the command line
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", help="alerts, one a line")
    parser.add_argument("--brokers", default="127.0.0.1:9092")
    parser.add_argument("--topic", default="at-risk")
    parser.add_argument("--group", default="retention", help="a name that is new reads all alerts from the first on")
    parser.add_argument("--idle-s", type=float, help="stop when none came for so many seconds; else Ctrl-C")
    o = parser.parse_args()
    if o.file:
        at_risk = follow(from_file(o.file))
    else:
        consumer = subscriber(o.brokers, o.topic, o.group)
        try:
            at_risk = follow(from_kafka(consumer, o.idle_s))
        finally:
            consumer.close()  # commits what was stored, and leaves the group at once
    print(f"\nat risk: {len(at_risk)}")
    for alert in by_value(at_risk):
        print(f"{alert['customer_id']}  until {day(alert['expires_at'])}  {'; '.join(against(alert))}")


if __name__ == "__main__":
    main()
