#!/usr/bin/env bash
# usage: [BOOTSTRAP=host:port] [IN_TOPIC=events] [OUT_TOPIC=at-risk] [APP_ID=..] [STATE_DIR=..] [STORE=rocksdb|memory]
#        [GUARANTEE=exactly_once_v2|at_least_once] [COMMIT_MS=100] [THREADS=2] [STOP_FILE=..] ./run.sh
#        ./run.sh build
#        ./run.sh tools create|verify|paced|reference ...
# Builds once (into BUILD_DIR, by default target/peers of the repository), runs until every input partition is processed (or until STOP_FILE
# exists), prints one JSON line.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=${BUILD_DIR:-$here/../../../target/peers/kafka-streams}
mkdir -p "$build"; build=$(cd "$build" && pwd)
if [ ! -d "$build/lib" ] || [ -n "$(find "$here/src" "$here/../job" "$here/pom.xml" -newer "$build/lib" -type f | head -1)" ]; then
  mvn -q -B -f "$here/pom.xml" -Doutdir="$build" package >&2
  touch "$build/lib"
fi
[ "${1:-}" != build ] || exit 0
cls=bench.StreamsApp
if [ "${1:-}" = tools ]; then cls=bench.Tools; shift; fi
exec java ${JAVA_OPTS:--Xms2g -Xmx2g -XX:+UseParallelGC} -Dorg.slf4j.simpleLogger.defaultLogLevel=${LOG:-error} \
  -cp "$build/classes:$build/lib/*" "$cls" "$@"
