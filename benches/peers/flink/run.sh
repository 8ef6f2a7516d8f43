#!/usr/bin/env bash
# usage: [BOOTSTRAP=host:port] [IN_TOPIC=events] [OUT_TOPIC=at-risk] [APP_ID=..] [CKPT_DIR=..] [STORE=heap|rocksdb]
#        [GUARANTEE=exactly_once|at_least_once] [CHECKPOINT_MS=10000] [THREADS=2] [STOP_FILE=..] ./run.sh [build]
# Builds once (into BUILD_DIR, by default target/peers of the repository), runs until the input of start time is processed and committed (or
# until STOP_FILE exists), prints one JSON line. Known fault: a run restored from a checkpoint processes and commits all its
# input but does not end by itself (bounded source after a restore); put a limit on it. Restores from the newest retained checkpoint under CKPT_DIR, if any.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=${BUILD_DIR:-$here/../../../target/peers/flink}
mkdir -p "$build"; build=$(cd "$build" && pwd)
if [ ! -d "$build/lib" ] || [ -n "$(find "$here/src" "$here/../job" "$here/pom.xml" -newer "$build/lib" -type f | head -1)" ]; then
  mvn -q -B -f "$here/pom.xml" -Doutdir="$build" package >&2
  touch "$build/lib"
fi
[ "${1:-}" != build ] || exit 0
opens=(--add-opens=java.base/java.lang=ALL-UNNAMED --add-opens=java.base/java.util=ALL-UNNAMED
  --add-opens=java.base/java.util.concurrent=ALL-UNNAMED --add-opens=java.base/java.nio=ALL-UNNAMED
  --add-opens=java.base/sun.nio.ch=ALL-UNNAMED --add-opens=java.base/java.io=ALL-UNNAMED)
exec java ${JAVA_OPTS:--Xms2g -Xmx2g -XX:+UseParallelGC} "${opens[@]}" -Dorg.slf4j.simpleLogger.defaultLogLevel=${LOG:-error} \
  -cp "$build/classes:$build/lib/*" bench.FlinkApp "$@"
