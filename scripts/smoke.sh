#!/usr/bin/env bash
# The demo as a newcomer starts it, small: it ends by itself with alerts and the files it names, while /livez, /readyz
# and /metrics answer, and promtool finds nothing wrong with the metrics. Uses the binary that the tests built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
holdfast=target/debug/holdfast
[ -x "$holdfast" ] || cargo build --locked --quiet --package holdfast-service
out=$PWD/target/smoke
rm -rf "$out" "$out.metrics"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$holdfast" demo --customers 400 --days 180 --speed 400000 --port "$port" --out "$out" > "$out.txt" 2> "$out.log" &
demo=$!
trap 'kill $demo 2> /dev/null || true' EXIT

get() { python3 - "http://127.0.0.1:$port/$1" <<'PY'
import sys, urllib.error, urllib.request
try:
    with urllib.request.urlopen(sys.argv[1], timeout=2) as answer:
        sys.stdout.write(answer.read().decode())
except (OSError, urllib.error.URLError) as error:
    sys.exit(str(error))
PY
}

answered=no
while kill -0 $demo 2> /dev/null; do
  if get readyz > /dev/null 2>&1 && get livez > /dev/null 2>&1 && get metrics > "$out.part" 2> /dev/null; then
    mv "$out.part" "$out.metrics"
    answered=yes
  fi
  sleep 0.2
done
trap - EXIT
wait $demo || { tail -n 20 "$out.log" "$out.txt"; echo "the demo failed"; exit 1; }
[ "$answered" = yes ] || { echo "/readyz, /livez and /metrics did not all answer while the demo ran"; exit 1; }
grep -q "^holdfast_events_applied_total [1-9]" "$out.metrics" || { echo "no event was counted"; exit 1; }
promtool check metrics < "$out.metrics"
for file in events.jsonl truth.csv backtest/report.html model.json holdfast.toml alerts/alerts.jsonl; do
  [ -s "$out/$file" ] || { echo "$file is missing or empty"; exit 1; }
done
"$holdfast" check --config "$out/holdfast.toml"
echo "$(wc -l < "$out/alerts/alerts.jsonl") alerts"
