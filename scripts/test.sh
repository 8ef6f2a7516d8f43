#!/usr/bin/env bash
# Everything that must hold: scripts/test.sh [STAGE ...], by default all stages in this order:
#
#   tools       installs what is missing (Java 17, Maven, kcat, promtool, Chromium, Node, Python), or names the command
#   format      rustfmt
#   lints       clippy with warnings as errors, over every target
#   docs        rustdoc with warnings as errors
#   kafka       fetches and starts a real Kafka broker on the loopback; it is stopped at the end, whatever happens
#   bucket      starts an S3-compatible server (moto) on the loopback, for the snapshots
#   tests       cargo test, one build for all, the tests against the real broker and the bucket included
#   demo        the demo, small: it answers on HTTP while it runs, promtool finds no fault in its metrics
#   rules       promtool: alert rules, their unit tests
#   dashboards  every PromQL expression of the Grafana dashboards parses
#   kubernetes  deploy/kubernetes fits the schemas of Kubernetes, and its configuration passes `holdfast check`
#   reports     the HTML reports in headless Chromium, on a phone and on a desk: nothing wrong, accessible
#
# A stage that fails does not stop the others. Ends with the seconds of each stage and "N passed, N failed".
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 70
root=$PWD
logs=$root/target/test-logs
mkdir -p "$logs"
export PATH="$root/target/tools:$PATH" CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-auto}
export KAFKA_DIR=$root/.kafka/test-$$ KAFKA_HEAP=${KAFKA_HEAP:-512m} KAFKA_EXTRA=${KAFKA_EXTRA:-}
features=(--features holdfast-service/broker-tests,holdfast-store/bucket-tests)
stages=("$@")
[ ${#stages[@]} -gt 0 ] || stages=(tools format lints docs kafka bucket tests demo rules dashboards kubernetes reports)

stop_servers() {
  [ -z "${tests:-}" ] || kill "$tests" 2> /dev/null
  [ -z "${moto:-}" ] || kill "$moto" 2> /dev/null
  [ -z "${kafka_started:-}" ] || benches/kafka/kafka.sh wipe > /dev/null 2>&1
  rm -rf "$KAFKA_DIR"
}
trap stop_servers EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

free_port() { # one whose next is free too: the controller takes it
  python3 - <<'PY'
import random, socket

def free(port):
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False

print(next(p for p in iter(lambda: random.randrange(20000, 32000), None) if free(p) and free(p + 1)))
PY
}

stage_tools() { scripts/need.sh java mvn kcat promtool chromium node npm python; }
stage_format() { cargo fmt --all --check; }
stage_lints() { cargo clippy --workspace --all-targets --locked "${features[@]}" -- -D warnings; }
stage_docs() { RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked --quiet; }

stage_kafka() {
  benches/kafka/kafka.sh sweep > /dev/null 2>&1
  KAFKA_PORT=${KAFKA_PORT:-$(free_port)} || return 1
  export KAFKA_PORT kafka_started=yes
  benches/kafka/kafka.sh start && export HOLDFAST_TEST_KAFKA=127.0.0.1:$KAFKA_PORT
}

stage_bucket() {
  local port url
  port=$(free_port) || return 1
  url=http://127.0.0.1:$port
  scripts/python.sh 'moto[server]==5.2.5' -- -c 'import moto.server' || return 1 # installs it
  target/venv/bin/python -m moto.server -H 127.0.0.1 -p "$port" > "$logs/moto.log" 2>&1 3>&- &
  moto=$!
  local tries=0
  until python3 -c "import urllib.request as u; u.urlopen(u.Request('$url/holdfast', method='PUT'))" 2> /dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 60 ] && kill -0 "$moto" 2> /dev/null && sleep 0.5 || return 1
  done
  export HOLDFAST_TEST_S3=s3://holdfast AWS_ENDPOINT_URL=$url AWS_ALLOW_HTTP=true AWS_REGION=us-east-1
  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
}

# One that hangs is to fail, and cargo has named it by then.
stage_tests() {
  timeout --kill-after=10s 40m cargo test --workspace --locked --no-fail-fast "${features[@]}" &
  tests=$!
  wait "$tests"
}
stage_demo() { scripts/smoke.sh; }
stage_rules() { (cd deploy/prometheus && promtool check rules rules.yml && promtool check config prometheus.yml && promtool test rules rules.test.yml); }
stage_dashboards() { scripts/python.sh promql-parser==0.11.0 -- scripts/dashboards.py deploy/grafana/*.json; }
stage_kubernetes() {
  [ -x target/debug/holdfast ] || cargo build --locked --quiet --package holdfast-service
  scripts/python.sh kubernetes-validate==1.37.0 -- scripts/kubernetes.py
}
stage_reports() { scripts/reports.sh; }

passed=0 failed=0 table=() bad=()
for stage in "${stages[@]}"; do
  declare -F "stage_$stage" > /dev/null || { echo "no stage is called $stage" >&2; exit 2; }
  printf '\n== %s\n' "$stage"
  start=$(date +%s.%N)
  # Not in a pipe, as a stage may export what later ones need; and without fd 3, or the broker would keep it open.
  exec 3> >(exec tee "$logs/$stage.log")
  tee=$!
  "stage_$stage" >&3 2>&1 3>&-
  code=$?
  exec 3>&-
  wait "$tee" 2> /dev/null
  seconds=$(echo "$(date +%s.%N) $start" | awk '{ printf "%.1f", $1 - $2 }')
  counts="$(awk '/^test result:/ { p += $4; f += $6 } END { print p + 0, f + 0 }' "$logs/$stage.log")"
  read -r p f <<< "$counts"
  # A stage without tests of its own counts as one check; one that failed without a failed test counts as one too.
  [ "$p" -gt 0 ] || [ "$f" -gt 0 ] || [ "$code" -ne 0 ] || p=1
  [ "$code" -eq 0 ] || [ "$f" -gt 0 ] || f=1
  passed=$((passed + p)) failed=$((failed + f))
  [ "$f" -eq 0 ] || bad+=("$stage")
  table+=("$(printf '%-12s %8s s   %5d passed %4d failed' "$stage" "$seconds" "$p" "$f")")
  [ "$stage" != tools ] || [ "$code" -eq 0 ] || break # nothing after this can be trusted
done

printf '\n'
printf '%s\n' "${table[@]}"
[ ${#bad[@]} -eq 0 ] || printf '\nfailed: %s (logs in target/test-logs)\n' "${bad[*]}"
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
