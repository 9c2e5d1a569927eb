#!/usr/bin/env bash
# gitlab.sh FOLDER: the tools that read GitLab pipelines over FOLDER/.gitlab-ci.yml. Exit status 0: no tool finds anything.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=.ci/tools/kit.sh
. "$here/kit.sh"
# shellcheck source=.ci/tools/repository.sh
. "$here/repository.sh"

at=$(repository "${1:?FOLDER}")
trap 'rm -rf "$at"' EXIT
cd "$at"
file=.gitlab-ci.yml

if have check-jsonschema; then
    check "GitLab's schema" check-jsonschema -q --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci --regex-variant nonunicode "$file"
fi
if have yamllint; then
    check yamllint yamllint --strict -c "$here/../yamllint.yaml" "$file"
fi
if have gitlab-ci-local; then
    # Whatever the pipeline is for, GitLab must be able to make it for each kind of event.
    for event in push:main push:feature/x tag:v1.0.0 mr:feature/x:main schedule:nightly web:main; do
        check "gitlab-ci-local, $event" "$here/gitlab-events.sh" "$at/$file" "$event"
    done
    # shellcheck disable=SC2329 # `check` calls it by its name.
    expand() { timeout -s KILL 60 gitlab-ci-local --preview | quiet; }
    check "gitlab-ci-local, expanded" expand
    if have shellcheck; then
        # Expanded, a script is read with the lines that a template or a default puts before it.
        # shellcheck disable=SC2329 # `check` calls it by its name.
        scripts() { expand >expanded.yml && "$here/scripts.sh" expanded.yml; }
        check "shellcheck of scripts" scripts
    fi
fi
exit "$((findings > 0))"
