#!/usr/bin/env bash
# gitlab-events.sh FILE EVENT…: which jobs of the pipeline in FILE run on each event, as gitlab-ci-local evaluates the rules.
#
# An EVENT is one of
#     push:BRANCH   tag:NAME   mr:SOURCE:TARGET   schedule:NAME   web:BRANCH   api:BRANCH
# and may go on with `:VAR=VALUE` (a variable of the pipeline) and `:changed=PATH,PATH` (the files the event changes; without
# it every `changes` rule holds). A schedule runs on main.
#
# Prints sorted lines `event<TAB>job<TAB>when`, where `when` is on_success, on_failure, always, manual or delayed. The jobs of
# a matrix are one line. An event on which nothing runs prints `event<TAB>-`. `pipewright events` prints the model's own table
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
    # Killed, since the tool spins for ever on a cycle of needs and takes no other signal then.
    run() { (cd "$at" && timeout -s KILL "${PIPEWRIGHT_TIMEOUT:-60}" gitlab-ci-local "${arguments[@]}" "$@"); }
    run --validate-dependency-chain >&2
    run --list-json | "$TOOLS/python/bin/python" -c '
import json, re, sys
jobs = [job for job in json.load(sys.stdin) if job["when"] != "never"]
rows = {(re.sub(r": \[.*\]$", "", job["name"]), job["when"]) for job in jobs}
for row in sorted(rows) or [("-",)]:
    print(sys.argv[1], *row, sep="\t")
' "$event"
done | LC_ALL=C sort
