#!/usr/bin/env bash
# The demo against a real Kafka broker: scripts/demo-kafka.sh [OPTIONS of holdfast demo]
#
# The broker is fetched from Maven, started on the loopback, and left running at the end so that the alerts can be read;
# `scripts/demo-kafka.sh stop` stops it and removes its data.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export KAFKA_DIR=$PWD/.kafka/demo KAFKA_PORT=${KAFKA_PORT:-29092} KAFKA_HEAP=${KAFKA_HEAP:-512m}
broker=127.0.0.1:$KAFKA_PORT
if [ "${1:-}" = stop ]; then
  exec benches/kafka/kafka.sh wipe
fi
scripts/need.sh java mvn kcat
cargo build --release --locked --package holdfast-service
benches/kafka/kafka.sh wipe
benches/kafka/kafka.sh start
target/release/holdfast demo --kafka "$broker" "$@"
cat <<TEXT

The broker is still up. Alerts, as a subscriber sees them (only what was committed):
  kcat -C -b $broker -t at-risk -e -q -X isolation.level=read_committed
Dead letters with their reasons:
  kcat -C -b $broker -t events.dlq -e -q -f '%h\n%s\n'
Stop it and remove its data:
  scripts/demo-kafka.sh stop
TEXT
