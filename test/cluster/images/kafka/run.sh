#!/bin/sh
# Starts one broker as apache/kafka does: KAFKA_A_B is the setting a.b; `__` stands for _ and `___` for -. The data
# directory is formatted when it is empty, by CLUSTER_ID.
set -eu
settings=/tmp/server.properties
env | sed -n 's/^KAFKA_//p' | while IFS='=' read -r name value; do
  case $name in HEAP_OPTS | JVM_PERFORMANCE_OPTS | OPTS) continue ;; esac
  name=$(echo "$name" | tr 'A-Z' 'a-z' | sed 's/___/-/g; s/__/%/g; s/_/./g; s/%/_/g')
  echo "$name=$value"
done >"$settings"

kafka() {
  heap=$1
  main=$2
  shift 2
  # shellcheck disable=SC2086 # options are words
  exec java $heap ${KAFKA_JVM_PERFORMANCE_OPTS:--XX:+UseG1GC -XX:MaxGCPauseMillis=20} ${KAFKA_OPTS:-} \
    -Dlog4j2.configurationFile=/etc/kafka/docker/log4j2.properties -cp '/opt/kafka/libs/*' "$main" "$@"
}

(kafka -Xmx128m kafka.tools.StorageTool format --cluster-id "$CLUSTER_ID" --config "$settings" --ignore-formatted)
kafka "${KAFKA_HEAP_OPTS:--Xms1g -Xmx1g}" kafka.Kafka "$settings"
