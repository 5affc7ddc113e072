#!/usr/bin/env bash
# conformance.sh [--strict] compares the conformance checklists of docs/spec with the tests, one generation after the
# other.
#
# A number counts as tested when a test's name carries it: func TestV1_004_..., or a subtest or table row whose name
# contains "V1-004". It counts as diverging when docs/divergences.md names it as V1-004. Then it counts the error codes of
# the catalogues that test/codes provokes, a row of a table each; a code that is never sent needs none. With --strict, a
# number or code that is missing fails the run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# checklist FILE prints "004 text" for each number. Several may stand in one line; they count up without a gap.
checklist() {
  awk '/^## /{on = /Conformance checklist/} on {
    while (match($0, "(^|[^0-9A-Za-z.])" (n + 1) "\\. ")) {
      if (n) printf "%03d %s%s\n", n, text, substr($0, 1, RSTART - 1)
      n++; text = ""; $0 = substr($0, RSTART + RLENGTH)
    }
    text = text $0 " "
  } END {if (n) printf "%03d %s\n", n, text}' "$1"
}

# Names stand in code, so what follows // is dropped first. A number of the wrong width would go unseen: refuse it.
all=$(find . -name node_modules -prune -o -name '*_test.go' -exec sed -E 's@(^|[[:space:]])//.*@@' {} + |
  grep -oE '\bV[12]-[0-9]+|\bTestV[12]_[0-9]+' | sed -E 's/^Test//; s/_/-/' | sort -u || true)
odd=$(grep -vxE 'V[12]-[0-9]{3}' <<<"$all" | sed '/^$/d' || true)
if [[ -n $odd ]]; then
  echo "conformance.sh: write numbers with three digits (V1-004), not: ${odd//$'\n'/ }" >&2
  exit 1
fi
apartAll=$(grep -oE '\bV[12]-[0-9]{3}\b' docs/divergences.md 2>/dev/null | sort -u || true)

left=0
for generation in 1:docs/spec/api-v1-xml.md 2:docs/spec/api-v2-json.md; do
  total=0 tested=0 apart=0 missing=0
  while read -r number text; do
    name=V${generation%%:*}-$number
    total=$((total + 1))
    if grep -qx "$name" <<<"$all"; then
      tested=$((tested + 1))
    elif grep -qx "$name" <<<"$apartAll"; then
      apart=$((apart + 1))
      echo "$name  divergence, see docs/divergences.md"
    else
      missing=$((missing + 1))
      printf '%s  missing  %.90s\n' "$name" "$text"
    fi
  done < <(checklist "${generation#*:}")
  echo "generation ${generation%%:*}: $tested of $total tested, $apart diverging, $missing missing"
  left=$((left + missing))
done

# The codes that can be sent, and those a row of test/codes begins with.
sent=$(sed -E '/Never:/d' internal/api/problem/v[12].go | grep -oE '^\s*\{(Code: )?"(BDCE[0-9]{3}|BDC_[0-9]{4})"' | grep -oE 'BDC[E_][0-9]+' | sort -u)
provoked=$(cat test/codes/*_test.go | grep -oE '^\s*\{"BDC[E_][0-9]+", func\(' | grep -oE 'BDC[E_][0-9]+' | sort -u || true)
total=0 tested=0
while read -r code; do
  total=$((total + 1))
  if grep -qx "$code" <<<"$provoked"; then
    tested=$((tested + 1))
  else
    left=$((left + 1))
    echo "$code  missing in test/codes"
  fi
done <<<"$sent"
echo "error codes: $tested of $total provoked"
if [[ ${1:-} == --strict && $left -gt 0 ]]; then exit 1; fi
