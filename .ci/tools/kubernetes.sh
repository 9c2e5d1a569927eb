#!/usr/bin/env bash
# kubernetes.sh FOLDER: what reads charts and manifests, over FOLDER/charts and every other Kubernetes object in FOLDER. Each chart is
# rendered as each of its environments gets it. Exit status 0: no tool finds anything.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=.ci/tools/kit.sh
. "$here/kit.sh"
# shellcheck source=.ci/tools/repository.sh
. "$here/repository.sh"

at=$(repository "${1:?FOLDER}")
example=$(basename "$1")
trap 'rm -rf "$at"' EXIT
cd "$at"
# Helm keeps its own folders; what it finds in a person's must not matter here.
export HELM_CACHE_HOME=$at/.git/helm HELM_CONFIG_HOME=$at/.git/helm HELM_DATA_HOME=$at/.git/helm
rendered=$at/.git/rendered
mkdir "$rendered"
mapfile -t charts < <(find . -name Chart.yaml -not -path './.git/*' -printf '%h\n' | sort)
mapfile -t plain < <(grep -lrE --include='*.yaml' --exclude-dir=.git --exclude-dir=templates '^kind: [A-Z]' . | sort)
[ $((${#charts[@]} + ${#plain[@]})) -gt 0 ] || { echo "  FAIL $1 has no chart and no manifest"; exit 1; }

# each COMMAND…: runs the command for each chart and environment, with the chart and the options that choose the environment behind it.
# A deploy gives the version, so this does too.
each() {
    local chart values status=0
    for chart in "${charts[@]}"; do
        for values in "$chart"/values-*.yaml; do
            [ -f "$values" ] || values=$chart/values.yaml
            "$@" "$chart" --values "$values" --set-string image.tag=1.2.3 || { echo "^ $values" && status=1; }
        done
    done
    return "$status"
}

# shellcheck disable=SC2329 # `check` calls it by its name.
lint() { "$TOOLS/$1/helm" lint --strict "${@:2}"; }

# The oldest Kubernetes that a chart says it runs on, and the newest that the tools know.
oldest=1.25 newest=1.37

# shellcheck disable=SC2329 # `check` calls it by its name.
# render TOOL CHART OPTIONS…: writes what a cluster gets to rendered/TOOL-CHART-ENVIRONMENT.yaml.
render() {
    local environment
    environment=$(basename "$4" .yaml)
    "$TOOLS/$1/helm" template "$(basename "$2")" "$2" "${@:3}" --namespace sample --kube-version "$newest.0" \
        >"$rendered/$1-$(basename "$2")-${environment#values-}.yaml"
}

# shellcheck disable=SC2329 # `check` calls it by its name.
# The two Helms may order objects differently, and must not write different ones.
same() {
    local file
    for file in "$rendered"/helm3-*; do
        "$TOOLS/python/bin/python" "$here/kubernetes.py" same "$file" "${file/helm3-/helm4-}" || return 1
    done
}

# shellcheck disable=SC2329 # `check` calls it by its name.
# Strict: unknown fields and repeated keys are refused, and so is a kind that has no schema.
conform() {
    "$TOOLS/kubeconform/kubeconform" -strict -kubernetes-version "$1.0" -schema-location "$here/../schemas/{{.ResourceKind}}{{.KindSuffix}}.json" \
        -schema-location "$TOOLS/kubernetes/$1/{{.ResourceKind}}{{.KindSuffix}}.json" "${objects[@]}"
}

# shellcheck disable=SC2329 # `check` calls it by its name.
rollouts() {
    local file
    for file in "${objects[@]}"; do
        ! grep -q '^kind: Rollout$' "$file" || "$TOOLS/rollouts/kubectl-argo-rollouts" lint --filename "$file" || return 1
    done
}

# shellcheck disable=SC2329 # `check` calls it by its name.
# promtool reads what Prometheus reads, which the operator makes of the groups of a PrometheusRule. Where .ci/rules has figures for the
# alerts of an app in an environment, they must fire on those that say so, and on no others.
rules() {
    local file figures
    for file in "${objects[@]}"; do
        "$TOOLS/python/bin/python" "$here/kubernetes.py" rules "$file" >"$rendered/rules.yml"
        [ -s "$rendered/rules.yml" ] || continue
        "$TOOLS/promtool/promtool" check rules --lint=all --lint-fatal "$rendered/rules.yml" || return 1
        figures=$here/../rules/$example/${file##*/helm4-}
        [ -f "$figures" ] || continue
        cp "$figures" "$rendered/figures.yml"
        "$TOOLS/promtool/promtool" test rules "$rendered/figures.yml" || return 1
    done
}

if [ "${#charts[@]}" -gt 0 ]; then
    for major in 3 4; do
        have "$TOOLS/helm$major/helm" || continue
        check "helm $major lint" each lint "helm$major"
        check "helm $major template" each render "helm$major"
        # The other tools read what Helm writes, so one check alone needs it too.
        [ -z "${ONLY:-}" ] || each render "helm$major" >/dev/null 2>&1 || true
    done
    check "helm 3 and 4 write the same" same
fi
mapfile -t objects < <(find "$rendered" -name 'helm4-*' | sort)
objects+=("${plain[@]}")

if have "$TOOLS/kubeconform/kubeconform"; then
    check "kubeconform, Kubernetes $oldest" conform "$oldest"
    check "kubeconform, Kubernetes $newest" conform "$newest"
fi
if have "$TOOLS/rollouts/kubectl-argo-rollouts"; then
    check "argo rollouts lint" rollouts
fi
if have "$TOOLS/promtool/promtool"; then
    check promtool rules
fi
if have yamllint; then
    mapfile -t values < <(find . \( -name Chart.yaml -o -name 'values*.yaml' \) -not -path './.git/*' | sort)
    check yamllint yamllint --strict -c "$here/../yamllint.yaml" "${plain[@]}" "${values[@]}"
fi
exit "$((findings > 0))"
