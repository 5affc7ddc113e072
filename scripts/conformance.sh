#!/usr/bin/env bash
# conformance.sh [--strict] compares the conformance checklist of docs/spec/api-v1-xml.md (section 10) with the tests.
#
# A number counts as tested when a test's name carries it: func TestV1_004_..., or a subtest or table row whose name
# contains "V1-004". It counts as diverging when docs/divergences.md names it as V1-004. With --strict, a number that
# is neither fails the run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
spec=docs/spec/api-v1-xml.md

checklist() { # "004 text"
  awk '/^## /{on = /^## 10\./} on && match($0, /^[0-9]+\. /) {printf "%03d %s\n", $1, substr($0, RLENGTH + 1)}' "$spec"
}

# Names stand in code, so what follows // is dropped first. A number of the wrong width would go unseen: refuse it.
names=$(find . -name node_modules -prune -o -name '*_test.go' -exec sed -E 's@(^|[[:space:]])//.*@@' {} + |
  grep -oE '\bV1-[0-9]+|\bTestV1_[0-9]+' | grep -oE '[0-9]+$' | sort -u || true)
odd=$(grep -vxE '[0-9]{3}' <<<"$names" | sed '/^$/d' || true)
if [[ -n $odd ]]; then
  echo "conformance.sh: write numbers with three digits (V1-004), not: ${odd//$'\n'/ }" >&2
  exit 1
fi
diverging=$(grep -oE '\bV1-[0-9]{3}\b' docs/divergences.md 2>/dev/null | cut -d- -f2 | sort -u || true)

total=0 tested=0 apart=0 missing=()
while read -r number text; do
  total=$((total + 1))
  if grep -qx "$number" <<<"$names"; then
    tested=$((tested + 1))
  elif grep -qx "$number" <<<"$diverging"; then
    apart=$((apart + 1))
    echo "V1-$number  divergence, see docs/divergences.md"
  else
    missing+=("V1-$number")
    printf 'V1-%s  missing  %.90s\n' "$number" "$text"
  fi
done < <(checklist)

echo "generation 1: $tested of $total tested, $apart diverging, ${#missing[@]} missing"
if [[ ${1:-} == --strict && ${#missing[@]} -gt 0 ]]; then exit 1; fi
