#!/usr/bin/env bash
# gitlab-events.sh FILE EVENT…: which jobs of the pipeline in FILE run on each event, as gitlab-ci-local evaluates the rules.
#
# An EVENT is one of
#     push:BRANCH   tag:NAME   mr:SOURCE:TARGET   schedule:NAME   web:BRANCH   api:BRANCH
# and may go on with `:VAR=VALUE` (a variable of the pipeline) and `:changed=PATH,PATH` (the files the event changes; without
# it every `changes` rule holds). A schedule runs on main.
#
# Prints sorted lines `event<TAB>job<TAB>when`, where `when` is on_success, on_failure, always, manual or delayed. The jobs of
# a matrix are one line. An event on which nothing runs prints `event<TAB>-`. `pipewright events` prints the table of `verify`'s own reader
# as `event<TAB>job`: the two must agree in the first two columns.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=.ci/tools/kit.sh
. "$here/kit.sh"
# shellcheck source=.ci/tools/repository.sh
. "$here/repository.sh"

file=${1:?FILE}
shift
work=$(mktemp -d "${TMPDIR:-/tmp}/pipewright-ci.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/folder"
cp -a "$(dirname "$file")/." "$work/folder/"
[ "$(basename "$file")" = .gitlab-ci.yml ] || cp "$file" "$work/folder/.gitlab-ci.yml"
python=$TOOLS/python/bin/python
"$python" "$here/events.py" probe "$work/folder/.gitlab-ci.yml"

# run ARGUMENT…: gitlab-ci-local in the repository of the event. What it says beside the answer is shown when it fails. Killed,
# since it spins for ever on a cycle of needs and takes no other signal then.
run() {
    local status=0
    (cd "$at" && timeout -s KILL "${PIPEWRIGHT_TIMEOUT:-60}" gitlab-ci-local --no-json-schema-validation "${arguments[@]}" "$@") \
        2>"$work/said" | quiet || status=$?
    [ "$status" = 0 ] || cat "$work/said" >&2
    return "$status"
}

# The tool warns of variables it sets itself; these are set here on purpose.
set_here=CI_PIPELINE_SOURCE,CI_COMMIT_BRANCH,CI_COMMIT_TAG,CI_COMMIT_REF_NAME,CI_MERGE_REQUEST_IID
set_here+=,CI_MERGE_REQUEST_SOURCE_BRANCH_NAME,CI_MERGE_REQUEST_TARGET_BRANCH_NAME,CI_MERGE_REQUEST_EVENT_TYPE

for event in "$@"; do
    IFS=: read -r -a fields <<<"$event"
    kind=${fields[0]} name=${fields[1]:?in $event} branch=main rest=2
    arguments=(--ignore-predefined-vars "$set_here")
    changed=
    case $kind in
        push | web | api)
            branch=$name
            arguments+=(--variable "CI_PIPELINE_SOURCE=$kind")
            ;;
        tag) arguments+=(--unset-variable CI_COMMIT_BRANCH --variable "CI_COMMIT_TAG=$name" --variable "CI_COMMIT_REF_NAME=$name") ;;
        mr)
            branch=$name rest=3
            arguments+=(--unset-variable CI_COMMIT_BRANCH --variable CI_PIPELINE_SOURCE=merge_request_event)
            arguments+=(--variable CI_MERGE_REQUEST_IID=1 --variable CI_MERGE_REQUEST_EVENT_TYPE=detached)
            arguments+=(--variable "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME=$name")
            arguments+=(--variable "CI_MERGE_REQUEST_TARGET_BRANCH_NAME=${fields[2]:?in $event}")
            ;;
        schedule) arguments+=(--variable CI_PIPELINE_SOURCE=schedule --variable "PIPEWRIGHT_SCHEDULE=$name") ;;
        *) echo "no such event: $event" >&2 && exit 2 ;;
    esac
    for field in "${fields[@]:rest}"; do
        case $field in
            changed=*) changed=${field#changed=} ;;
            *=*) arguments+=(--variable "$field") ;;
            *) echo "neither VAR=VALUE nor changed=PATH in $event: $field" >&2 && exit 2 ;;
        esac
    done
    at=$(TMPDIR=$work repository "$work/folder")
    git -C "$at" checkout -q -B "$branch"
    if [ -n "$changed" ]; then
        IFS=, read -r -a paths <<<"$changed"
        for path in "${paths[@]}"; do
            mkdir -p "$at/$(dirname "$path")"
            echo changed >>"$at/$path"
        done
        git -C "$at" add -A
        git -C "$at" commit -q -m "Change files"
    else
        arguments+=(--no-evaluate-rule-changes)
    fi
    rows=$(run --list-json | "$python" "$here/events.py" rows "$at/.gitlab-ci.yml" "$event")
    printf '%s\n' "$rows"
    # An event that makes no pipeline has no needs to look at.
    # The tool takes a manual job that others need for a fault: here it need not be pressed.
    sed -i 's/when: manual$/when: on_success/' "$at/.gitlab-ci.yml"
    [ "$rows" = "$event"$'\t-' ] || run --validate-dependency-chain >/dev/null
done | LC_ALL=C sort
