#!/bin/sh
# Starts a server as the postgres image does: on an empty PGDATA it makes a cluster with the superuser POSTGRES_USER,
# the password POSTGRES_PASSWORD and the database POSTGRES_DB. Other commands run as they are.
set -eu
[ "$1" = postgres ] || exec "$@"
shift
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}

initialise() {
  : "${POSTGRES_PASSWORD:?must be set to make a database}"
  rm -rf "$PGDATA.new"
  mkdir -p "$PGDATA.new"
  chmod 700 "$PGDATA.new"
  printf '%s\n' "$POSTGRES_PASSWORD" >/tmp/password
  initdb --pgdata="$PGDATA.new" --username="$user" --pwfile=/tmp/password --auth-local=trust \
    --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$PGDATA.new/pg_hba.conf"
  if [ "$database" != postgres ]; then
    echo "CREATE DATABASE \"$database\"" | postgres --single -D "$PGDATA.new" postgres
  fi
  # Its name is given when it is whole: a pod that ends on the way leaves nothing that looks like a cluster.
  rm -rf "$PGDATA"
  mv "$PGDATA.new" "$PGDATA"
}

[ -s "$PGDATA/PG_VERSION" ] || initialise
exec postgres -D "$PGDATA" -c listen_addresses='*' "$@"
