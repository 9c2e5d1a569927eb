# shellcheck shell=bash
# Sourced by the scripts beside it: where the tools are, how a check is run and what a missing tool means.

TOOLS=${PIPEWRIGHT_TOOLS:-${HOME:?}/.cache/pipewright-tools}
export PATH="$TOOLS/npm/node_modules/.bin:$TOOLS/python/bin:$TOOLS/go/bin:$TOOLS/act:$PATH"
export NO_COLOR=1 FORCE_COLOR=0
findings=0

# A tool that is not installed is a visible gap for a person and a failure in CI.
have() {
    command -v "$1" >/dev/null && return
    echo "  SKIP $1: not installed, run .ci/tools/install.sh"
    [ -z "${CI:-}" ] || findings=$((findings + 1))
    return 1
}

# check NAME COMMAND…: runs the command and shows what it says only when it complains. With $ONLY, runs no other check.
check() {
    local name=$1 said status=0
    shift
    [ "${ONLY:-$name}" = "$name" ] || return 0
    said=$("$@" 2>&1 </dev/null) || status=$?
    if [ "$status" = 0 ]; then
        echo "  ok   $name"
    else
        echo "  FAIL $name (exit $status)"
        printf '%s\n' "$said" | head -60 | sed 's/^/       /'
        findings=$((findings + 1))
    fi
}
