#!/usr/bin/env bash
# Runs a Python script in a virtual environment under target/: scripts/python.sh PACKAGE ... -- SCRIPT ARG ...
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
packages=()
while [ "$1" != -- ]; do packages+=("$1"); shift; done
shift
venv=target/venv
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
stamp=$venv/.has-$(echo "${packages[*]}" | tr -c 'a-zA-Z0-9.\n' _)
if [ ! -f "$stamp" ]; then
  "$venv/bin/python" -m pip install --quiet "${packages[@]}"
  touch "$stamp"
fi
exec "$venv/bin/python" "$@"
