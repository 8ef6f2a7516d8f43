#!/usr/bin/env bash
# Holdfast beside Flink and Kafka Streams on a real broker: scripts/bench-peers.sh [OPTIONS of benches/side_by_side.py]
#
# Results go to benches/results/<date>-<machine>/. Takes about ten minutes; run it on a quiet machine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/need.sh java mvn kcat python
cargo build --release --locked --package holdfast-service
cargo build --release --locked --package holdfast-benches --example bare_loop
scripts/python.sh numpy==2.4.6 orjson==3.13.0 -- benches/side_by_side.py "$@"
