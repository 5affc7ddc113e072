#!/usr/bin/env bash
# test.sh [PACKAGE...] runs the tests (default ./...) on SQLite and on a throw-away PostgreSQL.
#
# Two passes: the packages under the race detector, then the end-to-end tests in test/ without it, since they start
# the real program and a browser and watch them from outside. SOAK=1 makes long loops long. A server named by
# TEST_POSTGRES_URL is used instead of the throw-away one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if (($# == 0)); then set -- ./...; fi
timeout=9m
if [[ -n ${SOAK:-} ]]; then timeout=3h; fi

# All that the tests write goes into one folder, in memory where there is room: they make thousands of databases, and no
# test cuts the power. What must live through a kill is in the kernel's hands on either.
room=/tmp
if [[ $(df --output=avail -B1G /dev/shm 2>/dev/null | tail -n 1) -ge 6 && $(awk '/MemAvailable/ {print int($2 / 1048576)}' /proc/meminfo) -ge 8 ]]; then
  room=/dev/shm
fi
work=$(mktemp -d "$room/duebook-test-XXXXXX")
chmod 755 "$work" # the server runs as another user
log=$work/log
pgdir=''
finish() {
  if [[ -n $pgdir ]]; then DUEBOOK_PG_DIR=$pgdir scripts/postgres.sh stop; fi
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Programs of other people that read our files as their users would. Without them their tests say what they skip.
if [[ -f tools/npm/package-lock.json && ! tools/npm/node_modules/.package-lock.json -nt tools/npm/package-lock.json ]]; then
  npm ci --prefix tools/npm --ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=1 </dev/null ||
    echo "test.sh: npm ci failed; tests against npm packages are skipped" >&2
fi

if [[ -z ${TEST_POSTGRES_URL:-} ]]; then
  pgdir=$work/postgres
  mkdir "$pgdir"
  TEST_POSTGRES_URL=$(DUEBOOK_PG_DIR=$pgdir scripts/postgres.sh start)
  export TEST_POSTGRES_URL
fi
export TMPDIR=$work/tmp DUEBOOK_TEMPLATES=$work/templates
mkdir "$TMPDIR" "$DUEBOOK_TEMPLATES"

# Packages to test, without and with test/.
units=() whole=()
all=$(go list "$@")
for p in $all; do
  case $p in
    github.com/duebook/duebook/test | github.com/duebook/duebook/test/*) whole+=("$p") ;;
    *) units+=("$p") ;;
  esac
done

if [[ -n $pgdir ]]; then # our own server need not wait for a disk either
  "$(scripts/postgres.sh bindir)/psql" -q -c 'ALTER SYSTEM SET fsync = off' -c 'SELECT pg_reload_conf()' "$TEST_POSTGRES_URL" >/dev/null ||
    echo "test.sh: fsync stays as it is" >&2
fi

failed=0
pass() { # NAME COMMAND...
  echo "== $1"
  shift
  "$@" 2>&1 </dev/null | sed -u '/\[no test files\]$/d' | tee -a "$log" || failed=1
}

# The race detector makes the translated SQLite 36 times slower and finds nothing there: it stays out of the translated
# code, its libc and its allocator, and so do the checks of pointers that come with it. Leaving out the driver's own
# package as well shows races in encoding/json that are none.
translated=()
for p in sqlite/lib libc/... memory; do translated+=(-gcflags="modernc.org/$p=-race=false -d=checkptr=0"); done
if ((${#units[@]})); then
  pass 'packages, with the race detector' \
    env CGO_ENABLED=1 go test -race "${translated[@]}" -shuffle=on -p 2 -timeout "$timeout" "${units[@]}"
fi
if ((${#whole[@]})); then
  pass 'end to end' env CGO_ENABLED=0 go test -shuffle=on -p 2 -timeout "$timeout" "${whole[@]}"
fi

passed=$(grep -c '^ok ' "$log" || true)
if ((failed)); then
  echo
  echo "== failed:"
  grep -E '^(--- FAIL|FAIL\s|panic:|\s+--- FAIL)' "$log" || true
  echo "FAIL: $passed packages passed, $(grep -cE '^FAIL\s+\S' "$log" || true) failed"
  exit 1
fi
echo "PASS: $passed packages"
