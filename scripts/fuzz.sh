#!/usr/bin/env bash
# fuzz.sh [TIME [PACKAGE...]] runs every fuzz target of the packages (default ./...) for TIME (default 60s) each.
#
# A failing input is left in the package's testdata/fuzz, where it becomes a test; the other targets still run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

time=${1:-60s}
shift || true
if (($# == 0)); then set -- ./...; fi

# "package target", one a line
targets=$(go list -f '{{.ImportPath}} {{.Dir}}' "$@" | while read -r pkg dir; do
  find "$dir" -maxdepth 1 -name '*_test.go' -exec grep -hoE '^func Fuzz[A-Za-z0-9_]*' {} + |
    sort | sed "s@^func @$pkg @" || true
done)

failed=()
count=0
while read -r pkg target; do
  if [[ -z $target ]]; then continue; fi
  echo "== $pkg $target"
  count=$((count + 1))
  CGO_ENABLED=0 go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$pkg" </dev/null || failed+=("$pkg $target")
done <<<"$targets"

if ((${#failed[@]})); then
  echo "FAIL: ${#failed[@]} of $count fuzz targets:"
  printf '  %s\n' "${failed[@]}"
  exit 1
fi
echo "PASS: $count fuzz targets, $time each"
