#!/usr/bin/env bash
# Seeded faults, simulated and against a real Kafka: scripts/chaos.sh [--seed S] [--rounds N] [--round I]
#
#   --seed S     what everything is drawn from (1)
#   --worlds N   simulated worlds before that (10000)
#   --rounds N   rounds on a broker of the campaign's own (36)
#   --round I    only this one of them, to repeat what failed
#
# Prints a table of faults: how often, what a read_committed subscriber of alerts and dead letters lost or saw twice, and
# the seconds from a fault's end until every partition has gone on. Exit code 1 if anything was lost, doubled or stood
# still; the command that repeats it is printed then.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 70
seed=1 worlds=10000 rounds=36 round=''
while [ $# -gt 0 ]; do
  case "$1" in
    --seed) seed=${2-} ;;
    --worlds) worlds=${2-} ;;
    --rounds) rounds=${2-} ;;
    --round) round=${2-} ;;
    *) sed -n '2,11p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
  esac
  shift 2 || exit 2
done
# What a round does depends on the seed and its number alone.
[ -z "$round" ] || rounds=$((round + 1))
if [ -z "$round" ] && [ "$worlds" -gt 0 ]; then
  # Others for each seed; the first thousand are those of the tests.
  from=$((seed * 100000))
  HOLDFAST_SIM_SEEDS=$from..$((from + worlds)) cargo test --release --locked --package holdfast-service --lib run::sim -- \
    --nocapture || exit 1
fi
benches/kafka/kafka.sh tools && benches/kafka/kafka.sh fetch || exit 1
HOLDFAST_CHAOS_SEED=$seed HOLDFAST_CHAOS_ROUNDS=$rounds HOLDFAST_CHAOS_ROUND=$round \
  cargo test --release --locked --package holdfast-service --features broker-tests --test chaos -- --nocapture
