#!/usr/bin/env bash
# same-events.sh TABLE FILE: are the jobs of each event in TABLE (`event<TAB>job`, as `pipewright events` prints it) the jobs
# that gitlab-ci-local finds in FILE for that event? Prints the difference; exit status 1 when there is one.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
table=${1:?TABLE} file=${2:?FILE}
mapfile -t events < <(cut -f1 "$table" | sort -u)
[ "${#events[@]}" -gt 0 ] || { echo "$table names no event" && exit 1; }
"$here/gitlab-events.sh" "$file" "${events[@]}" | cut -f1,2 | LC_ALL=C sort -u |
    diff --label "the reader's jobs" --label "gitlab-ci-local's jobs" -U0 <(LC_ALL=C sort -u "$table") -
