#!/usr/bin/env bash
# Trains the models under models/ again: the same events give the same bytes, so nothing changes unless the code did.
#
#   models/cdnow   purchases of a real shop (scripts/cdnow.sh), nobody buys for 90 days
#   models/shop    all kinds of events of a made-up shop, nobody buys for 30 days; the examples in deploy/ use it
#   models/visits  the same shop, nobody comes for 14 days (label: any activity)
#   models/closing a larger such shop, an account is closed within 30 days (label: a named event, as of contracts)
#   models/saas    made-up software by subscription, a contract is cancelled within 30 days; `holdfast sample` uses it
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo build --release --locked --package holdfast-service
holdfast=target/release/holdfast
work=target/models
mkdir -p "$work" models/shop models/visits models/closing models/saas

"$holdfast" train --events models/cdnow/events.jsonl.gz --horizon-days 90 --out models/cdnow/model.json --card models/cdnow/card.md \
  --report "$work/cdnow.html"
"$holdfast" generate --customers 6000 --days 240 --seed 1 --out "$work/shop.jsonl"
"$holdfast" train --events "$work/shop.jsonl" --horizon-days 30 --out models/shop/model.json --card models/shop/card.md \
  --report "$work/shop.html"
"$holdfast" train --events "$work/shop.jsonl" --label any --horizon-days 14 --out models/visits/model.json \
  --card models/visits/card.md --report "$work/visits.html"
# Few accounts are closed: it takes more customers to learn from.
"$holdfast" generate --customers 20000 --days 240 --seed 1 --out "$work/large.jsonl"
"$holdfast" train --events "$work/large.jsonl" --label account_closed --horizon-days 30 --out models/closing/model.json \
  --card models/closing/card.md --report "$work/closing.html"
"$holdfast" generate --preset saas --customers 6000 --days 240 --seed 1 --out "$work/saas.jsonl"
"$holdfast" train --events "$work/saas.jsonl" --label subscription_cancel --horizon-days 30 --active-days 0 --capacity 10 \
  --out models/saas/model.json --card models/saas/card.md --report "$work/saas.html"
