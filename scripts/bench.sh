#!/usr/bin/env bash
# Speed and memory on this machine: scripts/bench.sh [OPTIONS of benches/offline.py]
#
# Each stage by itself (criterion), bytes per customer at a million customers, the fit against scikit-learn's on the same
# matrix, the whole way offline over five million events, then whether cost grows linearly with customers. Results go to
# benches/results/<date>-<machine>/. Run it on a quiet machine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/need.sh python
benches/stages.py
scripts/python.sh numpy==2.4.6 scikit-learn==1.9.1 -- benches/sklearn_agreement/agree.py --write
cargo build --release --locked --package holdfast-service
cargo build --release --locked --package holdfast-benches --example visits
scripts/python.sh numpy==2.4.6 orjson==3.13.0 -- benches/offline.py "$@"
scripts/python.sh matplotlib==3.11.2 -- benches/scale.py
