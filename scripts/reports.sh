#!/usr/bin/env bash
# The HTML reports as readers see them: scripts/reports.sh [FILE.html ...], by default those of a small generated shop.
#
# Headless Chromium opens each on a phone and on a desk, light and dark; crates/service/tests/browser/check.mjs says what
# it asks of them. Screenshots for a person to look at: node crates/service/tests/browser/shots.mjs OUT_DIR FILE.html ...
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
browser=crates/service/tests/browser
out=$PWD/target/reports
mkdir -p "$out"
files=("$@")
if [ ${#files[@]} -eq 0 ]; then
  holdfast=target/debug/holdfast
  [ -x "$holdfast" ] || cargo build --locked --quiet --package holdfast-service
  events=$out/events.jsonl
  "$holdfast" generate --customers 1500 --days 240 --seed 7 --out "$events"
  "$holdfast" train --events "$events" --horizon-days 30 --out "$out/model.json" --report "$out/training.html"
  "$holdfast" evaluate --events "$events" --horizon-days 30 --out-dir "$out/backtest" > /dev/null
  "$holdfast" report --events "$events" --period week --goal-crr 60 --out "$out/retention.html"
  files=("$out/training.html" "$out/backtest/report.html" "$out/retention.html")
fi
(cd "$browser" && npm ci --no-audit --no-fund --silent)
node "$browser/check.mjs" "${files[@]}"
