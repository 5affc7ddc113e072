#!/usr/bin/env bash
# generate.sh [--check] writes all generated files: templ code, and whatever a go:generate line asks for (the web
# bundle by esbuild). With --check it fails when that changed, added or removed a file marked linguist-generated in
# .gitattributes: what is committed must be what the sources give.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# snapshot prints name and hash of every generated file that git knows or would add.
snapshot() {
  git ls-files -z --cached --others --exclude-standard --deduplicate |
    git check-attr -z --stdin linguist-generated |
    while IFS= read -r -d '' file && IFS= read -r -d '' _ && IFS= read -r -d '' value; do
      if [[ $value == set && -f $file ]]; then sha256sum -- "$file"; fi
    done
}

generate() {
  local sources
  sources=$(find . -name node_modules -prune -o -name '*.templ' -print -quit)
  if [[ -n $sources ]]; then
    go tool templ generate
  fi
  go generate ./...
}

if [[ ${1:-} != --check ]]; then
  generate
  exit
fi
if ! git rev-parse --git-dir >/dev/null 2>&1; then
  echo "generate.sh: not a git checkout, freshness of generated files is not checked" >&2
  exit
fi
before=$(snapshot)
generate
after=$(snapshot)
if [[ $before != "$after" ]]; then
  echo "generated files were out of date; they are fresh now, commit them:" >&2
  diff <(echo "$before") <(echo "$after") | awk '/^[<>] ./ {print "  " $3}' | sort -u >&2
  exit 1
fi
