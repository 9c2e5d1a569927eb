#!/bin/bash
# Stands in for a program of a job: writes a line to the log of the run and succeeds, unless the story says that it fails.
# The folder of a run holds bin/ (this file under each program's name), real/ (the programs that do run) and what the story says:
#   log      a line a call: cell, workflow, job, step, directory, program with arguments, variables; 0x1e between, 0x1f within
#   fail     lines of the log's job and program that fail
#   make     job, path, file: what a job's programs write; the file lies there from the start
#   answers  words that the program's line holds, file: what it prints
#   names    variables to log
#   bucket/  what builds on AWS hand to one another
at=${0%/bin/*} name=${0##*/} unit=$'\x1f' record=$'\x1e'
case $name in
    sudo) exec "$@" ;;
    # Time goes by as fast as somebody sleeps, and is the same on every day: each shell has its clock.
    sleep)
        length=$("$at/real/awk" 'BEGIN { sum = 0; for (i = 1; i < ARGC; i++) sum += ARGV[i] * (ARGV[i] ~ /m$/ ? 60 : 1); printf "%d", sum }' "$@")
        echo $(($(cat "$at/clock/$PPID" 2>/dev/null || echo 0) + length)) >"$at/clock/$PPID"
        exit 0
        ;;
    date)
        # A Tuesday, ten o'clock.
        exec "$at/real/date" -u -d "@$((1791885600 + $(cat "$at/clock/$PPID" 2>/dev/null || echo 0)))" "$@"
        ;;
    python | python3 | node) case ${1:-} in -c | -e | -p | -) exec "$at/real/$name" "$@" ;; esac ;;
esac
# Git runs; every address is a folder here. What it publishes is written down, too.
if [ "$name" = git ]; then
    git=("$at/real/git")
    # It is an extension, which no commit of a story needs.
    [ "${1:-}" != lfs ] || exit 0
    case " $* " in
        *" clone "* | *" fetch "* | *" pull "* | *" push "*) git+=(-c "url.$at/remote/.insteadOf=https://" -c uploadpack.allowAnySHA1InWant=true) ;;
    esac
    [[ " $* " = *" push "* ]] || exec "${git[@]}" "$@"
fi
# On AWS builds hand files to one another by a bucket, which is a folder here, and ask for the id of their run. That is no call of a job.
if [ -n "${STORY_BUCKET:-}" ]; then
    case "$name $*" in
        "aws s3 cp "*"s3://$STORY_BUCKET/"*)
            shift 2
            [ "$1" != --quiet ] || shift
            from=${1/#"s3://$STORY_BUCKET"/"$at/bucket"} to=${2/#"s3://$STORY_BUCKET"/"$at/bucket"}
            [ -e "$from" ] || { echo "there is no $1" >&2 && exit 1; }
            [ "$to" != - ] || exec "$at/real/cat" "$from"
            mkdir -p "$(dirname "$to")" && exec "$at/real/cp" "$from" "$to"
            ;;
        "aws codebuild batch-get-builds "*) echo "$STORY_RUN" && exit 0 ;;
        "aws codebuild batch-get-build-batches "*) echo 1 && exit 0 ;;
        "tar -xz" | "tar -czf $STORY_TEMPORARY/"*) exec "$at/real/tar" "$@" ;;
    esac
fi
job=${STORY_JOB:-${GITHUB_JOB:-${CI_JOB_NAME%%: \[*}}} root=${STORY_ROOT:-${GITHUB_WORKSPACE:-${CI_PROJECT_DIR:-}}}
# The vendor's runner itself looks for a program: there is none.
[ -n "$job" ] || exit 1
job=${STORY_WORKFLOW:-${GITHUB_WORKFLOW:-}}$unit$job

line=$name
for argument in "$@"; do line+=$unit$argument; done
# Folders differ from run to run.
line=${line//"$root"/(root)}
[ -z "${STORY_TEMPORARY:-}" ] || line=${line//"$STORY_TEMPORARY"/"$at/home"}
line=${line//"$at"/(run)} line=${line//tmp.??????????/tmp}
printed=$(readlink "/proc/$$/fd/1")
written=
while IFS=$'\t' read -r maker path file; do
    [ "$maker" = "$job" ] || continue
    if [ "$printed" = "$root/$path" ]; then written=$file; fi
    if [ ! -e "$root/$path" ]; then mkdir -p "$(dirname "$root/$path")" && cp "$file" "$root/$path"; fi
done <"$at/make"
previous="" given=""
for argument in "$@"; do
    [ "$previous" != --metadata-file ] || printf '{"containerimage.digest": "sha256:%064d"}\n' 7 >"$argument"
    [ "$argument" != --password-stdin ] || given=$(cat)
    previous=$argument
done
# What a machine far away is told to do.
[ "$name" != ssh ] || given=$(timeout 5 cat)

variables=
while read -r variable; do
    [ -z "${!variable+set}" ] || variables+=$unit$variable=${!variable}
done <"$at/names"
entry=$root$record${job%%"$unit"*}$record${job#*"$unit"}$record${GITHUB_ACTION:-}$record${PWD#"$root"}$record$line${given:+"$unit<$given"}$record$variables
printf '%s\n' "${entry//$'\n'/\\n}" >>"$at/log"

while IFS= read -r failing; do
    [ "$failing" != "${job#*"$unit"}$record${line//$'\n'/\\n}" ] || { echo "$name fails in this story" >&2 && exit 1; }
done <"$at/fail"
[ -z "$written" ] || cat "$written"
answered=
while IFS=$'\t' read -r words file; do
    [[ ${line//$unit/ } != *"$words"* ]] || { answered=yes && sed "s/COMMIT/${CI_COMMIT_SHA:-}/" "$file" && break; }
done <"$at/answers"
# An address that no gate asks answers with what the step hopes for.
[[ -n $answered || $line != *"%{http_code}"* ]] || printf '%s' "${STATUS:-}"
# A function that is called works.
[[ $line != "aws${unit}lambda${unit}invoke$unit"* ]] || echo None
[ "$name" != git ] || exec "${git[@]}" "$@"
