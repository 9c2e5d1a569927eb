#!/usr/bin/env bash
# stories.sh PIPEWRIGHT [EXAMPLE…]: plays what the examples compile to, GitHub's with act in host mode, GitLab's with gitlab-ci-local's shell
# executor, AWS's phase by phase (`stories/aws.py`), with stand-ins for every program and action. The jobs must call the same programs on all,
# each behind those it needs: when all goes well, and when a test, a deploy or a gate fails (`stories/play.py`). Prints what is not played.
# Exit status 1 when two differ.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=.ci/tools/kit.sh
. "$here/kit.sh"
pipewright=$(realpath "${1:?PIPEWRIGHT}")
shift
root=$(cd "$here/../.." && pwd)
golden=${PIPEWRIGHT_GOLDEN:-$root/golden}
PIPEWRIGHT_WORK=$(mktemp -d "${TMPDIR:-/tmp}/pipewright-ci.XXXXXX")
export PIPEWRIGHT_WORK
trap 'rm -rf "$PIPEWRIGHT_WORK"' EXIT
[ "$#" -gt 0 ] || mapfile -t -O 1 found < <(find "$golden" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort)
played=()
for example in "$@" "${found[@]:-}"; do
    [ -z "$example" ] || played+=("$example")
done
[ "${#played[@]}" -gt 0 ] || exit 1
# shellcheck disable=SC2016 # The inner shell fills them in.
printf '%s\n' "${played[@]}" | xargs -P "$(nproc)" -I{} bash -c '
    said=$("$1" "$2/stories/play.py" "$3" "$4/examples/$6/pipeline.kdl" "$5/$6" 2>&1) && status=0 || status=1
    printf "%s\n" "$said"
    exit "$status"' _ "$TOOLS/python/bin/python" "$here" "$pipewright" "$root" "$golden" {}
