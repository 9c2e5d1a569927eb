#!/usr/bin/env bash
# scripts.sh FILE…: shellcheck over the scripts inside GitHub actions and GitLab pipelines.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=.ci/tools/kit.sh
. "$here/kit.sh"
out=$(mktemp -d "${TMPDIR:-/tmp}/pipewright-ci.XXXXXX")
trap 'rm -rf "$out"' EXIT
"$TOOLS/python/bin/python" "$here/scripts.py" "$out" "$@" >"$out/list"
mapfile -t scripts <"$out/list"
[ "${#scripts[@]}" -gt 0 ] || exit 0
# Left out as actionlint leaves them out: they follow files or variables that only the vendor's machine has, or constants
# that stand where the vendor puts a value. And SC2034: a line that every job begins with sets what not every job uses.
# Each step is a subshell with variables of its own (SC2030, SC2031); lists of one name are what a spec gives (SC2043).
shellcheck --norc -f gcc -e SC1091,SC2030,SC2031,SC2034,SC2043,SC2050,SC2154,SC2157,SC2194 "${scripts[@]}"
