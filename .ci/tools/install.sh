#!/usr/bin/env bash
# Installs the vendors' own tools, each at one exact version, into $PIPEWRIGHT_TOOLS (~/.cache/pipewright-tools).
# Only package registries are asked: npm's, Python's, Go's. What is installed already is left alone.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=.ci/tools/kit.sh
. "$here/kit.sh"
mkdir -p "$TOOLS"
missing=0

# part NAME PROGRAM KEY: true when PROGRAM can install the part and it is not installed from this KEY.
part() {
    [ "$(cat "$TOOLS/$1.key" 2>/dev/null)" != "$3" ] || return 1
    command -v "$2" >/dev/null && { echo "  installing the $1 tools"; rm -rf "${TOOLS:?}/$1"; return 0; }
    echo "  SKIP the $1 tools: $2 is not on the PATH"
    missing=1
    return 1
}

key=$(cat "$here/package.json" "$here/package-lock.json" | sha256sum)
if part npm npm "$key"; then
    mkdir -p "$TOOLS/npm"
    cp "$here/package.json" "$here/package-lock.json" "$TOOLS/npm/"
    (cd "$TOOLS/npm" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)
    echo "$key" > "$TOOLS/npm.key"
fi

key=$(sha256sum < "$here/requirements.txt")
if part python python3 "$key"; then
    python3 -m venv "$TOOLS/python"
    # Wheels only: nothing of a package runs while it is installed.
    "$TOOLS/python/bin/pip" install -q --disable-pip-version-check --no-deps --only-binary :all: -r "$here/requirements.txt"
    "$TOOLS/python/bin/pip" check -q >/dev/null
    echo "$key" > "$TOOLS/python.key"
fi

key=actionlint-1.7.12
if part go go "$key"; then
    GOBIN="$TOOLS/go/bin" GOFLAGS=-trimpath go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
    echo "$key" > "$TOOLS/go.key"
fi

if [ "$missing" = 1 ] && [ -n "${CI:-}" ]; then exit 1; fi
