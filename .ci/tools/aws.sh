#!/usr/bin/env bash
# aws.sh FOLDER: the tools that read stacks of CloudFormation and buildspecs over FOLDER/.codebuild and FOLDER/.codepipeline. Exit status 0: no tool
# finds anything.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=.ci/tools/kit.sh
. "$here/kit.sh"
cd "${1:?FOLDER}"
stacks=() specs=()
for file in .codebuild/*.yml .codebuild/*/*.yml .codepipeline/*.yml .codepipeline/*/*.yml; do
    [ -e "$file" ] || continue
    if grep -q '^AWSTemplateFormatVersion:' "$file"; then stacks+=("$file"); else specs+=("$file"); fi
done

if have cfn-lint; then
    for stack in "${stacks[@]}"; do
        check "cfn-lint $stack" cfn-lint --non-zero-exit-code informational -- "$stack"
    done
fi
if have check-jsonschema && [ "${#specs[@]}" -gt 0 ]; then
    check "schema of buildspecs" check-jsonschema -q --schemafile "$here/../../targets/codebuild/schema.json" "${specs[@]}"
fi
if have yamllint; then
    check yamllint yamllint --strict -c "$here/../yamllint.yaml" "${stacks[@]}" "${specs[@]}"
fi
if have shellcheck && [ "${#specs[@]}" -gt 0 ]; then
    check "shellcheck of scripts" "$here/scripts.sh" "${specs[@]}"
fi
exit "$((findings > 0))"
