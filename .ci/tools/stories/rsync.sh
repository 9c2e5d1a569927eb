#!/bin/bash
# Stands in for rsync under gitlab-ci-local, which copies the tracked files to a job's folder, and files of a folder to another. Each job gets
# a repository of its own, as on GitLab, and what its programs write.
set -eo pipefail
words=() left_out=() list=
while [ "$#" -gt 0 ]; do
    case $1 in
        --exclude) left_out+=("$2") && shift ;;
        --exclude=*) left_out+=("${1#*=}") ;;
        --files-from=*) list=${1#*=} ;;
        *) words+=("$1") ;;
    esac
    shift
done
last=${words[-1]} from=${words[-2]}
mkdir -p "$last"
if [ -n "$list" ]; then
    to=$(realpath "$last")
    cd "$from"
    while read -r path; do [ ! -e "$path" ] || cp -a --parents "$path" "$to"; done <"$list"
    for pattern in "${left_out[@]}"; do
        # shellcheck disable=SC2053 # It is a pattern.
        (cd "$to" && find . -type f) | while read -r path; do [[ ${path#./} != $pattern ]] || rm "$to/$path"; done
    done
    exit
fi
if [ "$from" != ./ ]; then
    cp -a "$from" "$last"
    exit
fi
git ls-files -z | xargs -0 cp -a --parents -t "$last"
cp -a .git "$last"
# The tool writes what is no letter as base64: here ": [" before the cell of a matrix.
while IFS=$'\t' read -r job path file; do
    [[ $(basename "$last") =~ ^"$job"(OiBb.*)?$ ]] || continue
    mkdir -p "$(dirname "$last/$path")"
    cp "$file" "$last/$path"
done <"${0%/real/*}/folders"
