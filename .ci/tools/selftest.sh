#!/usr/bin/env bash
# selftest.sh: can each tool say no? Every file below .ci/must-fail/github, gitlab, aws and kubernetes names in its first line the check that
# must refuse it. Exit status 1 when one is accepted.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=.ci/tools/kit.sh
. "$here/kit.sh"
samples=$here/../must-fail
pipewright=${CARGO_TARGET_DIR:-$here/../../target}/debug/pipewright
# Long enough for a pipeline of two jobs; a cycle of needs is found by running into it.
export PIPEWRIGHT_TIMEOUT=10

# shellcheck disable=SC2329 # `check` calls it by its name.
# refused VENDOR PATH SAMPLE [BASE]: does the check that SAMPLE names refuse it as PATH of a repository that else is as BASE?
refused() {
    local at said name
    at=$(mktemp -d "${TMPDIR:-/tmp}/pipewright-ci.XXXXXX")
    [ -z "${4:-}" ] || cp -r "$4/." "$at/"
    mkdir -p "$at/$(dirname "$2")"
    cp "$3" "$at/$2"
    name=$(sed -nE '1s/^# (([^:]|:[^ ])*): .*/\1/p' "$3")
    said=$(ONLY=$name "$here/$1.sh" "$at" 2>&1) || true
    rm -rf "$at"
    grep -qF "FAIL $name (exit" <<<"$said" || { printf '%s\n' "$said" && false; }
}

# shellcheck disable=SC2329 # `check` calls it by its name.
refuses() { ! "$@"; }

if have node && have actionlint && have zizmor && have check-jsonschema && have yamllint; then
    for sample in "$samples"/github/*.yml; do
        check "refused: github/$(basename "$sample")" refused github .github/workflows/ci.yml "$sample"
    done
fi
if have gitlab-ci-local && have shellcheck && have check-jsonschema && have yamllint; then
    for sample in "$samples"/gitlab/*.yml; do
        check "refused: gitlab/$(basename "$sample")" refused gitlab .gitlab-ci.yml "$sample"
    done
    pipeline=$samples/events/.gitlab-ci.yml
    check "accepted: events/right.tsv" "$here/same-events.sh" "$samples/events/right.tsv" "$pipeline"
    for table in too-many too-few no-pipeline; do
        check "refused: events/$table.tsv" refuses "$here/same-events.sh" "$samples/events/$table.tsv" "$pipeline"
    done
fi
if [ -d "$TOOLS/kubernetes" ] && have "$TOOLS/helm4/helm" && have "$TOOLS/kubeconform/kubeconform" && have "$TOOLS/promtool/promtool"; then
    base=$samples/kubernetes/right
    check "accepted: kubernetes/right" "$here/kubernetes.sh" "$base"
    for sample in "$samples"/kubernetes/*.yaml; do
        check "refused: kubernetes/$(basename "$sample")" refused kubernetes manifests/sample.yaml "$sample" "$base"
    done
    for sample in "$samples"/kubernetes/templates/*; do
        check "refused: kubernetes/templates/$(basename "$sample")" refused kubernetes charts/shop/templates/sample.yaml "$sample" "$base"
    done
    for sample in "$samples"/kubernetes/values/*; do
        check "refused: kubernetes/values/$(basename "$sample")" refused kubernetes charts/shop/values-sample.yaml "$sample" "$base"
    done
    # An alert that fires while all is well must be seen by the figures in .ci/rules.
    turned=$(mktemp -d "${TMPDIR:-/tmp}/pipewright-ci.XXXXXX")
    cp -r "$here/../../golden/storefront" "$turned/"
    sed -i 's/ > 0\.05$/ < 0.05/' "$turned/storefront/charts/api/values-production.yaml"
    # shellcheck disable=SC2329 # `check` calls it by its name.
    turned() { ONLY=promtool "$here/kubernetes.sh" "$turned/storefront"; }
    check "refused: an alert turned round" refuses turned
    rm -rf "$turned"
fi
if have cfn-lint && have check-jsonschema && have yamllint && have shellcheck; then
    for sample in "$samples"/aws/*.yml; do
        check "refused: aws/$(basename "$sample")" refused aws .codebuild/ci.yml "$sample"
    done
fi
if have act && have gitlab-ci-local && [ -x "$pipewright" ]; then
    # Each sample damages the GitLab output of the example that its first line names.
    # shellcheck disable=SC2329 # `check` calls it by its name.
    differs() {
        local at example pipeline
        example=$(sed -nE '1s/^# ([^:]*): .*/\1/p' "$1")
        at=$(mktemp -d "${TMPDIR:-/tmp}/pipewright-ci.XXXXXX")
        cp -r "$here/../../golden/$example" "$at/"
        pipeline=$(cd "$at" && find "$example" -name .gitlab-ci.yml)
        sed -i -f "$1" "$at/$pipeline"
        ! cmp -s "$at/$pipeline" "$here/../../golden/$pipeline" || { echo "$1 changes nothing" && return 1; }
        said=$(PIPEWRIGHT_GOLDEN=$at "$here/stories.sh" "$pipewright" "$example" 2>&1) || true
        rm -rf "$at"
        grep -qF "  FAIL $example" <<<"$said" || { printf '%s\n' "$said" && false; }
    }
    for sample in "$samples"/stories/*.sed; do
        check "refused: stories/$(basename "$sample")" differs "$sample"
    done
fi
if have cargo-deny; then
    check "refused: deny/no-licence.toml" refuses cargo-deny --offline check --config "$samples/deny/no-licence.toml" licenses
fi
exit "$((findings > 0))"
