#!/usr/bin/env bash
# postgres.sh start|stop|url|bindir runs a throw-away PostgreSQL server for the tests.
#
#   start   make and start the server unless it runs, and print its URL
#   url     print the URL of the running server; fails when it does not run
#   stop    stop the server and remove all its data
#   bindir  print where a PostgreSQL of version 15 or newer is installed
#
# The server lives in $DUEBOOK_PG_DIR (default: a folder of this user and this checkout under /tmp), listens on a
# unix socket in that folder and on a free port of 127.0.0.1, and knows one superuser, duebook, with a random
# password. It syncs to disk as a real one does: what the tests prove about commits must hold outside. Its default
# collation is English, not C, as on most servers: SQL that leans on byte order has to say so.
set -euo pipefail

umask 077
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
default=/tmp/duebook-pg-$EUID-$(cksum <<<"$checkout" | cut -d' ' -f1)
dir=${DUEBOOK_PG_DIR:-$default}

die() {
  echo "postgres.sh: $*" >&2
  exit 1
}

bindir() {
  local d best='' version=0 n
  for d in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin; do
    if [[ -x $d/postgres && -x $d/initdb ]]; then
      n=$("$d/postgres" --version | grep -oE '[0-9]+' | head -n 1)
      if ((n > version)); then best=$d version=$n; fi
    fi
  done
  if [[ -z $best ]] && command -v postgres initdb pg_ctl >/dev/null; then
    best=$(dirname "$(command -v postgres)")
    version=$("$best/postgres" --version | grep -oE '[0-9]+' | head -n 1)
  fi
  ((version >= 15)) || die "no PostgreSQL server of version 15 or newer found"
  echo "$best"
}

# as_server runs a command as the user who owns the server: PostgreSQL refuses to run as root.
as_server() {
  if ((EUID == 0)); then
    (cd / && runuser -u "$owner" -- "$@")
  else
    "$@"
  fi
}

server_user() {
  if ((EUID != 0)); then
    id -un
  elif id -u postgres >/dev/null 2>&1; then
    echo postgres
  else
    echo nobody
  fi
}

running() {
  [[ -f $dir/url && -d $dir/data ]] && as_server "$bin/pg_ctl" -D "$dir/data" status >/dev/null 2>&1
}

start() {
  if running; then
    cat "$dir/url"
    return
  fi
  remove
  mkdir -p "$dir"
  local password
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  printf '%s\n' "$password" >"$dir/password"
  mkdir "$dir/socket"
  local port tries
  if ((EUID == 0)); then chown -R "$owner" "$dir"; fi

  as_server "$bin/initdb" -D "$dir/data" -U duebook --pwfile="$dir/password" --auth=md5 --no-sync -E UTF8 \
    --locale=C.UTF-8 --locale-provider=icu --icu-locale=en-US >"$dir/initdb.log" 2>&1 ||
    { cat "$dir/initdb.log" >&2; die "initdb failed"; }
  cat >>"$dir/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$dir/socket'
max_connections = 200
password_encryption = md5            # cheap logins: the tests open many connections
shared_buffers = 256MB
max_wal_size = 2GB
checkpoint_timeout = 15min
max_locks_per_transaction = 256
dynamic_shared_memory_type = mmap    # containers have a small /dev/shm
jit = off
fsync = on
synchronous_commit = on
log_min_messages = warning
CONF

  for tries in {1..20}; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 40000))
    # Another program may hold the port: then the server does not come up, and the next port is tried.
    if as_server "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w -t 60 -o "-p $port" start >/dev/null 2>&1; then
      break
    fi
    if ! grep -q 'could not bind\|could not create any TCP/IP sockets' "$dir/server.log" || ((tries == 20)); then
      tail -n 20 "$dir/server.log" >&2
      die "the server did not start"
    fi
  done
  echo "postgres://duebook:$password@127.0.0.1:$port/postgres?sslmode=disable" >"$dir/url"
  cat "$dir/url"
}

remove() {
  # Never more than a folder that start has made, or an empty one.
  if [[ -e $dir/password ]]; then
    rm -rf -- "$dir"
  elif [[ -d $dir ]]; then
    rmdir -- "$dir"
  fi
}

stop() {
  if running; then
    as_server "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null || true
  fi
  remove
}

case ${1:-} in
  bindir) bindir ;;
  start | stop | url)
    bin=$(bindir)
    owner=$(server_user)
    case $1 in
      start) start ;;
      stop) stop ;;
      url) running || die "not running"; cat "$dir/url" ;;
    esac
    ;;
  *) sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
