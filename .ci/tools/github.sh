#!/usr/bin/env bash
# github.sh FOLDER: GitHub's own tools, and the linters its users run, over FOLDER/.github. Exit status 0: no tool finds anything.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=.ci/tools/kit.sh
. "$here/kit.sh"
# shellcheck source=.ci/tools/repository.sh
. "$here/repository.sh"

at=$(repository "${1:?FOLDER}")
trap 'rm -rf "$at"' EXIT
cd "$at"
mapfile -t workflows < <(find .github/workflows -name '*.yml' -o -name '*.yaml' | sort)
mapfile -t actions < <(find .github/actions -name action.yml 2>/dev/null | sort)
[ "${#workflows[@]}" -gt 0 ] || { echo "  FAIL $1 has no workflow"; exit 1; }

if have node && [ -d "$TOOLS/npm" ]; then
    export TOOLS
    check "GitHub's parser and language service" node "$here/github.mjs" "${workflows[@]}" "${actions[@]}"
fi
queue='unexpected key "queue" for "concurrency" section'
if have actionlint && have shellcheck; then
    # It runs shellcheck over every `run:`; pyflakes is for inline Python, which pipewright does not write.
    # `queue: max` keeps waiting deploys in their queue; GitHub's own parser, above, knows it, actionlint 1.7.12 does not yet.
    check actionlint actionlint -pyflakes= -no-color -ignore "$queue" "${workflows[@]}"

    # It knows the inputs and outputs of an action by its tag, not by its commit, so it reads a copy in which each pinned action
    # has the major version of its comment, or the one before where that is the last it knows.
    # shellcheck disable=SC2329 # `check` calls it by its name.
    by_tag() {
        local action commit version major edits=()
        cp -r .github/workflows tagged
        while IFS='@ ' read -r action commit _ version; do
            for major in "$version" "$((version - 1))"; do
                grep -qaF "$action@v$major" "$(command -v actionlint)" || continue
                edits+=(-e "s|$action@$commit|$action@v$major|")
                break
            done
        done < <(sed -nE 's/.*uses: ([^@ ]+@[0-9a-f]{40}) # v([0-9]+).*/\1 # \2/p' "${workflows[@]}" | sort -u)
        [ "${#edits[@]}" = 0 ] || find tagged -type f -exec sed -i "${edits[@]}" {} +
        actionlint -pyflakes= -shellcheck= -no-color -ignore "$queue" tagged/*
    }
    check "actionlint, actions by tag" by_tag
fi
if have zizmor; then
    check "zizmor, pedantic" zizmor --offline --no-config --no-progress --quiet --strict-collection --persona pedantic .github
fi
if have check-jsonschema; then
    check "schema of workflows" check-jsonschema -q --builtin-schema vendor.github-workflows "${workflows[@]}"
    [ "${#actions[@]}" = 0 ] || check "schema of actions" check-jsonschema -q --builtin-schema vendor.github-actions "${actions[@]}"
fi
if have yamllint; then
    check yamllint yamllint --strict -c "$here/../yamllint.yaml" .github
fi
if [ "${#actions[@]}" -gt 0 ] && have shellcheck; then
    # actionlint reads workflows only.
    check "shellcheck of actions" "$here/scripts.sh" "${actions[@]}"
fi
exit "$((findings > 0))"
