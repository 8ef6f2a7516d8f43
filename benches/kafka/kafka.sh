#!/usr/bin/env bash
# A real Apache Kafka broker (one broker+controller, KRaft) on the loopback, for benchmarks and tests.
#
#   kafka.sh tools                      java 17, mvn and kcat: by apt-get where it can, else says what to install
#   kafka.sh fetch                      jars from Maven Central through mvn into $KAFKA_JARS
#   kafka.sh start                      formats storage if new, starts, waits until it serves
#   kafka.sh stop                       stops it (by its pid file)
#   kafka.sh wipe                       stops it and removes its data
#   kafka.sh sweep                      wipes what killed processes left: directories NAME-PID beside $KAFKA_DIR
#   kafka.sh create-topic NAME [PARTS] [key=value ...]     config pairs such as cleanup.policy=compact
#   kafka.sh acls                       commands of kafka-acls.sh from stdin, see Acls.java
#   kafka.sh load FILE TOPIC            lines `key<TAB>value`, murmur2 partitioner as in the Java client
#   kafka.sh count TOPIC                messages per partition (end minus begin offset), and the sum
#
# Environment: KAFKA_DIR (where its data, log and pid live; default .kafka/dev of the repository), KAFKA_JARS
# (shared by all brokers of the repository; default .kafka/jars), KAFKA_PORT (19092;
# the controller takes the next port), KAFKA_HEAP (1g), KAFKA_VERSION, KAFKA_EXTRA (more server properties,
# one per line), KAFKA_FORMAT (more arguments of the storage's format, one per line), JAVA_EXTRA (more JVM flags). Needs java 17+, mvn (fetch only), kcat (load and count only).
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
KAFKA_DIR="${KAFKA_DIR:-$here/../../.kafka/dev}"
KAFKA_JARS="${KAFKA_JARS:-$here/../../.kafka/jars}"
KAFKA_PORT="${KAFKA_PORT:-19092}"
KAFKA_HEAP="${KAFKA_HEAP:-1g}"
KAFKA_VERSION="${KAFKA_VERSION:-4.4.0}"
mkdir -p "$KAFKA_DIR" "$KAFKA_JARS"
KAFKA_DIR="$(cd "$KAFKA_DIR" && pwd)"; jars="$(cd "$KAFKA_JARS" && pwd)"; data="$KAFKA_DIR/kafka-data"; pidfile="$KAFKA_DIR/kafka.pid"; log="$KAFKA_DIR/kafka.log"
broker="127.0.0.1:$KAFKA_PORT"

tools() { "$here/../../scripts/need.sh" java mvn kcat; }

fetch() {
  [ -f "$jars/.ok-$KAFKA_VERSION" ] && return 0
  tools
  mkdir -p "$KAFKA_DIR/pom"
  local ex="" e
  # not needed to start and serve (found by leaving each out): 43 MB -> 36 MB
  for e in org.scala-lang:scala-reflect commons-beanutils:commons-beanutils commons-digester:commons-digester commons-collections:commons-collections \
           commons-logging:commons-logging; do
    ex+="<exclusion><groupId>${e%%:*}</groupId><artifactId>${e##*:}</artifactId></exclusion>"
  done
  cat > "$KAFKA_DIR/pom/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>kafka-broker</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$KAFKA_VERSION</version>
<exclusions>$ex</exclusions></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
POM
  (cd "$KAFKA_DIR/pom" && mvn -q -B dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$jars")
  touch "$jars/.ok-$KAFKA_VERSION"
}

running() { # and not another process that has the number now
  local pid
  [ -f "$pidfile" ] && pid="$(cat "$pidfile")" && kill -0 "$pid" 2>/dev/null || return 1
  { tr '\0' ' ' < "/proc/$pid/cmdline" || ps -o args= -p "$pid"; } 2>/dev/null | grep -qF "$KAFKA_DIR/server.properties"
}

start() {
  running && { echo "already running: $broker"; return 0; }
  tools
  fetch
  cat > "$KAFKA_DIR/server.properties" <<PROPS
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$((KAFKA_PORT + 1))
listeners=PLAINTEXT://127.0.0.1:$KAFKA_PORT,CONTROLLER://127.0.0.1:$((KAFKA_PORT + 1))
advertised.listeners=PLAINTEXT://127.0.0.1:$KAFKA_PORT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs=$data
num.partitions=4
num.network.threads=2
num.io.threads=4
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.retention.hours=-1
${KAFKA_EXTRA:-}
PROPS
  local jvm=(java "-Xms$KAFKA_HEAP" "-Xmx$KAFKA_HEAP" -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -Djava.awt.headless=true
             -Dorg.slf4j.simpleLogger.defaultLogLevel=info -Dorg.slf4j.simpleLogger.showDateTime=true
             -Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS ${JAVA_EXTRA:-} -cp "$jars/*")
  local format=()
  [ -z "${KAFKA_FORMAT:-}" ] || mapfile -t format <<< "$KAFKA_FORMAT"
  [ -f "$data/meta.properties" ] || java -Xshare:auto -XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.defaultLogLevel=error \
      -cp "$jars/*" kafka.tools.StorageTool format -t 4L6g3nShT-eMCtK--X86sw -c "$KAFKA_DIR/server.properties" ${format[@]+"${format[@]}"} > "$KAFKA_DIR/format.log"
  : > "$log"
  setsid nohup "${jvm[@]}" kafka.Kafka "$KAFKA_DIR/server.properties" >> "$log" 2>&1 < /dev/null &
  echo $! > "$pidfile"
  for _ in $(seq 600); do
    grep -q "Kafka Server started" "$log" && { echo "up: $broker (pid $(cat "$pidfile"))"; return 0; }
    kill -0 "$(cat "$pidfile")" 2>/dev/null || break
    sleep 0.1
  done
  tail -30 "$log" >&2; echo "did not start" >&2; return 1
}

stop() {
  running || { rm -f "$pidfile"; return 0; }
  local pid; pid="$(cat "$pidfile")"
  kill -TERM "$pid"
  for _ in $(seq 300); do kill -0 "$pid" 2>/dev/null || { rm -f "$pidfile"; return 0; }; sleep 0.1; done
  kill -KILL "$pid"; rm -f "$pidfile"
}

sweep() {
  local dir
  for dir in "$(dirname "$KAFKA_DIR")"/*-[0-9]*; do
    if [ -d "$dir" ] && ! kill -0 "${dir##*-}" 2>/dev/null; then
      KAFKA_DIR="$dir" "${BASH_SOURCE[0]}" wipe
      rm -rf "$dir"
    fi
  done
}

create_topic() {
  java -XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.defaultLogLevel=error -cp "$jars/*" "$here/CreateTopic.java" "$broker" "$@"
}

acls() {
  java -XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.defaultLogLevel=error -cp "$jars/*" "$here/Acls.java"
}

load() {
  kcat -P -b "$broker" -t "$2" -K '\t' -l -X topic.partitioner=murmur2_random -X linger.ms=50 \
    -X queue.buffering.max.messages=500000 -X acks=all -X enable.idempotence=true "$1"
}

count() {
  local n=0 sum=0 p ps=()
  n="$(kcat -b "$broker" -L -t "$1" | grep -c '^    partition ')"
  for ((p = 0; p < n; p++)); do
    local lo hi
    lo="$(kcat -b "$broker" -Q -t "$1:$p:-2" | sed 's/.*offset //')"; hi="$(kcat -b "$broker" -Q -t "$1:$p:-1" | sed 's/.*offset //')"
    ps+=("$((hi - lo))"); sum=$((sum + hi - lo))
  done
  echo "${ps[*]} = $sum"
}

case "${1:-}" in
  tools) tools ;;
  fetch) fetch ;;
  start) start ;;
  stop) stop ;;
  wipe) stop; rm -rf "$data" ;;
  sweep) sweep ;;
  create-topic) shift; create_topic "$@" ;;
  acls) acls ;;
  load) load "$2" "$3" ;;
  count) count "$2" ;;
  *) sed -n '2,18p' "${BASH_SOURCE[0]}"; exit 2 ;;
esac
