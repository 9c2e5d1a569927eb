#!/usr/bin/env bash
# Instruction counts of the binary, which do not depend on what else the machine does; each as a ratio to a reference, beside the goal.
# Needs valgrind, which sees no work of the system: what reads files is timed by `cargo bench` instead (P4, P8).
# Usage: benches/instructions.sh [P1 P2 …; default: all]
set -euo pipefail
cd "$(dirname "$0")/.."
command -v valgrind >/dev/null || { echo "valgrind is not installed: no instruction counts" >&2; exit 2; }
goals=" ${*:-P1 P2 P3 P7 P9 P10 lazy} "
built=$(cargo bench --no-run --bench main --bench command_line 2>&1) || { echo "$built" >&2; exit 1; }
program() { printf '%s\n' "$built" | sed -n "s|.*Executable benches/$1\.rs (\(.*\))\$|\1|p"; }
bench=$(realpath "$(program main)") reference=$(realpath "$(program command_line)")
binary=$(dirname "$(dirname "$bench")")/pipewright
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$bench" --write "$work"
cd "$work"

# ir COMMAND…: the instructions that it takes.
ir() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" >/dev/null 2>log || [ $? -lt 2 ] || { cat log >&2; exit 1; }
    sed -n 's/.*Collected : //p' log
}
check() { ir "$binary" check --quiet "$1"; }
size() { wc -c <"$1"; }
# line GOAL WHAT COUNT REFERENCE-COUNT REFERENCE BOUND
line() {
    awk -v goal="$1" -v what="$2" -v a="$3" -v b="$4" -v of="$5" -v bound="$6" 'BEGIN {
        ratio = a / b
        shown = ratio < 0.1 ? sprintf("1/%.0f", 1 / ratio) : sprintf("%.2f", ratio)
        printf "%-4s %-44s %13.2f M %8s of %s; the goal is %s\n", goal, what, a / 1e6, shown, of, bound }'
}
# exponent WHAT SMALLER COUNT LARGER COUNT
exponent() {
    awk -v what="$1, $2 to $4 jobs" -v n="$2" -v a="$3" -v m="$4" -v b="$5" 'BEGIN {
        printf "%-4s %-44s %13.2f M %8.3f exponent; the goal is 1.02\n", "P7", what, b / 1e6, log(b / a) / log(m / n) }'
}
wanted() { case $goals in *" $1 "*) ;; *) return 1 ;; esac; }

if wanted P1; then
    kdl=$(ir "$bench" --kdl size-1m.kdl)
    line P1 "read 1 MB" "$(ir "$bench" --parse size-1m.kdl)" "$kdl" "the kdl crate's parse" 1/20
    line P1 "read and lower 1 MB" "$(ir "$bench" --lower size-1m.kdl)" "$kdl" "the kdl crate's parse" 1/20
fi
if wanted P2; then
    nothing=$(ir "$bench" --parse empty.kdl)
    for part in 50k 1m 10m; do
        line P2 "read $part, a byte" $(($(ir "$bench" --parse "size-$part.kdl") - nothing)) "$(size "size-$part.kdl")" "a byte" 60
    done
fi
if wanted P3; then
    for word in --version --help; do
        line P3 "$word" "$(ir "$binary" "$word")" "$(ir "$reference" "$word")" "the command line alone" 1.15
    done
    for words in "check jobs-10.kdl" "check plain-10.kdl" "build --stdout jobs-10.kdl"; do
        # shellcheck disable=SC2086
        line P3 "$words" "$(ir "$binary" $words)" "$(ir "$reference" $words)" "the command line alone" "2.0 (time)"
    done
fi
if wanted P7; then
    for shape in plain jobs chain fan gates mistakes; do
        before='' smaller=0
        for jobs in 10 100 1000 10000; do
            now=$(check "$shape-$jobs.kdl")
            [ -z "$before" ] || exponent "check, $shape" "$smaller" "$before" "$jobs" "$now"
            before=$now smaller=$jobs
        done
    done
fi
if wanted P9; then
    for text in hostile-*.kdl; do
        name=${text#hostile-}
        line P9 "check ${name%.kdl}, $(($(size "$text") / 1024)) KB" "$(check "$text")" "$(check "harmless-$name")" "a spec of that size" 3
    done
fi
if wanted P10; then
    for format in full concise json sarif github gitlab; do
        line P10 "1000 mistakes, $format" "$(ir "$binary" check --format "$format" wrong.kdl)" \
            "$(ir "$binary" check --format "$format" right.kdl)" "the clean text" "$(case $format in json | sarif) echo 1.5 ;; *) echo 3 ;; esac)"
    done
fi
if wanted lazy; then
    plain=$(check plain-10.kdl)
    line lazy "check, one vendor's templates and schema" "$(ir "$binary" build --stdout --target gitlab jobs-10.kdl)" \
        "$(ir "$binary" build --stdout jobs-10.kdl)" "both vendors'" "less than 1"
    line lazy "check without a target" "$plain" "$(check jobs-10.kdl)" "the same with both" "less than 1"
    line lazy "a finding at the end of 1 MB" "$(ir "$binary" check last.kdl)" "$(ir "$binary" check first.kdl)" "one at the start" "about 1"
fi
