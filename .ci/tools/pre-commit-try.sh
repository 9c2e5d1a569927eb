#!/usr/bin/env bash
# pre-commit-try.sh [ID]: the hook ID (pipewright-system) of this repository, tried with the real pre-commit on a fresh repository:
# a commit passes while the outputs are in step with the spec and is blocked when one has drifted. The hook is read from the last
# commit, as a user's pre-commit reads it. The id pipewright-system needs pipewright on the PATH; the id pipewright compiles it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=.ci/tools/kit.sh
. "$here/kit.sh"
id=${1:-pipewright-system}
root=$(git -C "$here" rev-parse --show-toplevel)
at=$(mktemp -d "${TMPDIR:-/tmp}/pipewright-ci.XXXXXX")
trap 'rm -rf "$at"' EXIT
export PRE_COMMIT_HOME=$at/home GIT_AUTHOR_NAME=ci GIT_AUTHOR_EMAIL=ci@example.invalid GIT_COMMITTER_NAME=ci GIT_COMMITTER_EMAIL=ci@example.invalid

pre-commit validate-manifest "$root/.pre-commit-hooks.yaml"
mkdir "$at/project"
cd "$at/project"
git init -q -b main
cp "$root/examples/orders-api/pipeline.kdl" .
cat >.pre-commit-config.yaml <<CONFIG
repos:
  - repo: $root
    rev: $(git -C "$root" rev-parse HEAD)
    hooks:
      - id: $id
CONFIG
pipewright build >/dev/null
pre-commit install >/dev/null
git add -A
git commit -q -m "In step" || { echo "the hook blocked a commit that is in step" && exit 1; }

output=$(git ls-files .gitlab-ci.yml .github/workflows | head -1)
echo "# by hand" >>"$output"
git add -A
if git commit -q -m "Drifted" 2>"$at/said"; then
    echo "the hook let a drifted $output pass" && exit 1
fi
# It must be the hook that blocked, for the reason that the file has drifted.
grep -qF "$output" "$at/said" || { cat "$at/said" && echo "the hook does not name $output" && exit 1; }
