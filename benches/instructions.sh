#!/bin/sh
# Instruction counts of the binary, which do not depend on what else the machine does. Needs valgrind.
# Usage: benches/instructions.sh [path of a binary; default: the one that `cargo bench` builds]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
if ! command -v valgrind >/dev/null; then
    echo "valgrind is not installed: no instruction counts" >&2
    exit 2
fi
target=${CARGO_TARGET_DIR:-target}
binary=${1:-$target/release/pipewright}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bench() { cargo bench --quiet --bench main -- "$@"; }
for jobs in 10 100 1000; do bench --spec "$jobs" >"$work/$jobs.kdl"; done
bench --mistakes >"$work/mistakes.kdl"
: >"$work/empty.kdl"

count() {
    name=$1
    shift
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" >/dev/null 2>"$work/log" || [ $? -lt 2 ]
    printf '%-28s %15s\n' "$name" "$(sed -n 's/.*Collected : //p' "$work/log")"
}
count "--version" "$binary" --version
count "check, nothing in it" "$binary" check "$work/empty.kdl"
for jobs in 10 100 1000; do
    count "fmt --check, $jobs jobs" "$binary" fmt --check "$work/$jobs.kdl"
    count "check, $jobs jobs" "$binary" check --quiet "$work/$jobs.kdl"
    count "build --stdout, $jobs jobs" "$binary" build --stdout "$work/$jobs.kdl"
done
count "check, 1000 mistakes" "$binary" check "$work/mistakes.kdl"
