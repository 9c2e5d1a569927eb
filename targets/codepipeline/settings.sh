# Brings an account of AWS in step with what lies beside this script in its JSON file, or prints what is set.
#
#   SCRIPT apply    sets what is missing or different, then deploys the stacks; what is right stays, so it can run at any time
#   SCRIPT export   prints what is set, for `pipewright doctor`
#
# Needs the aws command line, logged in to the account and region of the builds, and jq. The value of a parameter or secret is read from a
# variable of this shell, as the JSON file says; what has none and is not there yet is listed, with the name of that variable, and
# the exit status is 1. A
# connection or topic that no value names is made; a person completes the connection in the console. The group of a team's people is read
# from <TEAM>_GROUP, the bucket for stacks above 51200 bytes from TEMPLATES_BUCKET.
#
# The export changes nothing. It asks: codeconnections get-connection; codebuild list-source-credentials; ssm get-parameter; secretsmanager
# describe-secret, and get-secret-value where a key is wanted; sns get-topic-attributes; cloudformation get-template and
# describe-stack-resource; iam list-entities-for-policy.
set -euo pipefail

action=${1:?apply or export}
wanted=${BASH_SOURCE[0]%.sh}.json
root=$(dirname "${BASH_SOURCE[0]}")/../..
missing=()
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT
export AWS_PAGER=

# ask WORDS: what aws answers; nothing where it knows no such thing. Any other failure ends the script.
ask() {
  local answer
  if answer=$(aws "$@" --output text < /dev/null 2> "$errors"); then
    [ "$answer" = None ] || printf '%s\n' "$answer"
  elif ! grep -qE 'NotFound|NoSuchEntity|does not exist' "$errors"; then
    cat "$errors" >&2
    return 1
  fi
}

list() { jq -c "$1" "$wanted"; }
field() { jq -r "$2 // \"\"" <<< "$1"; }
parameter() { ask ssm get-parameter --name "$1" --query Parameter.Value; }

# resolve NAME: an ARN; of a parameter, what it holds.
resolve() { if [[ $1 == /* ]]; then parameter "$1"; else printf '%s\n' "$1"; fi; }

# secret_text NAME: what it holds.
secret_text() { ask secretsmanager get-secret-value --secret-id "$1" --query SecretString; }

# holds SECRET: whether it is there, with its key.
holds() {
  local name key found
  name=$(field "$1" .name)
  key=$(field "$1" .key)
  if [ -n "$key" ]; then
    found=$(secret_text "$name") || exit 1
    jq -e --arg key "$key" 'has($key)' <<< "${found:-{\}}" > /dev/null
  else
    found=$(ask secretsmanager describe-secret --secret-id "$name" --query Name) || exit 1
    [ -n "$found" ]
  fi
}

# publishers POLICY: the services that a topic's policy lets publish, as JSON.
publishers() {
  jq -c 'def all(x): [x] | flatten;
    [.Statement[]? | select(.Effect == "Allow" and any(all(.Action)[]; ascii_downcase | . == "sns:publish" or . == "sns:*"))
      | all(.Principal.Service? // empty)[]] | unique' <<< "${1:-{\}}"
}

policy_of() { ask sns get-topic-attributes --topic-arn "$1" --query Attributes.Policy; }

# policy_arn NAME: of the policy STACK/LOGICAL-ID.
policy_arn() {
  ask cloudformation describe-stack-resource --stack-name "${1%%/*}" --logical-resource-id "${1#*/}" \
    --query StackResourceDetail.PhysicalResourceId
}

# attached ARN: how many groups, users and roles have the policy.
attached() {
  ask iam list-entities-for-policy --policy-arn "$1" --query 'length([PolicyGroups, PolicyUsers, PolicyRoles][])'
}

# make PARAMETER: the ARN of a new connection or topic, if that is what it holds.
make() {
  local name arn
  if [ "$1" = "$(jq -r '.connection.arn // ""' "$wanted")" ]; then
    name=$(jq -r .connection.name "$wanted")
    arn=$(ask codeconnections list-connections --query "Connections[?ConnectionName=='$name'].ConnectionArn | [0]")
    [ -n "$arn" ] || arn=$(aws codeconnections create-connection --provider-type GitHub --connection-name "$name" --query ConnectionArn --output text)
    printf '%s\n' "$arn"
  elif jq -e --arg name "$1" 'any(.topics[]; .name == $name)' "$wanted" > /dev/null; then
    name=${1#/}
    aws sns create-topic --name "${name//\//-}" --query TopicArn --output text
  fi
}

apply_parameter() {
  local variable=${1##*/} value known
  value=${!variable-}
  known=$(parameter "$1")
  [ -n "$value$known" ] || value=$(make "$1")
  if [ -n "$value" ] && [ "$value" != "$known" ]; then
    aws ssm put-parameter --name "$1" --type String --value "$value" --overwrite > /dev/null
  elif [ -z "$known" ]; then
    missing+=("parameter $1 (${1##*/})")
  fi
}

apply_secret() {
  local name key variable value known
  name=$(field "$1" .name)
  key=$(field "$1" .key)
  variable=$(field "$1" .variable)
  value=${!variable-}
  known=$(ask secretsmanager describe-secret --secret-id "$name" --query Name)
  if [ -z "$value" ]; then
    holds "$1" || missing+=("secret $name${key:+, key $key} ($variable)")
    return
  fi
  # No value stands in the words of a command, where others on the machine could read it.
  if [ -n "$key" ]; then
    value=$(known=$(secret_text "$name") key=$key value=$value jq -cn '(env.known | if . == "" then {} else fromjson end) + {(env.key): env.value}')
  fi
  if [ -n "$known" ]; then
    name=$name value=$value jq -n '{SecretId: env.name, SecretString: env.value}' | aws secretsmanager put-secret-value --cli-input-json file:///dev/stdin > /dev/null
  else
    name=$name value=$value jq -n '{Name: env.name, SecretString: env.value}' | aws secretsmanager create-secret --cli-input-json file:///dev/stdin > /dev/null
  fi
}

apply_topic() {
  local arn policy service
  arn=$(resolve "$(field "$1" .name)")
  [ -n "$arn" ] || return 0
  policy=$(policy_of "$arn")
  [ -n "$policy" ] || { missing+=("topic $arn") && return; }
  while IFS= read -r service; do
    [ -n "$service" ] || continue
    policy=$(jq -c --arg service "$service" --arg arn "$arn" '.Statement += [{
      Sid: "publish-\($service | gsub("[^a-z]"; "-"))", Effect: "Allow", Principal: {Service: $service}, Action: "sns:Publish", Resource: $arn}]' <<< "$policy")
    aws sns set-topic-attributes --topic-arn "$arn" --attribute-name Policy --attribute-value "$policy"
  done < <(jq -rn --argjson wanted "$(jq -c .publishers <<< "$1")" --argjson known "$(publishers "$policy")" '($wanted - $known)[]')
}

apply_access() {
  local arn status
  arn=$(resolve "$(jq -r '.connection.arn // ""' "$wanted")")
  if [ -n "$arn" ]; then
    status=$(ask codeconnections get-connection --connection-arn "$arn" --query Connection.ConnectionStatus)
    [ "$status" = AVAILABLE ] || missing+=("connection $arn, which a person completes at https://console.aws.amazon.com/codesuite/settings/connections")
  elif jq -e '.credentials != []' "$wanted" > /dev/null && ! ask codebuild list-source-credentials --query 'sourceCredentialsInfos[].serverType' | grep -qw GITHUB; then
    if [ -n "${GITHUB_TOKEN-}" ]; then
      jq -n '{serverType: "GITHUB", authType: "PERSONAL_ACCESS_TOKEN", token: env.GITHUB_TOKEN}' | aws codebuild import-source-credentials --cli-input-json file:///dev/stdin > /dev/null
    else
      missing+=("what CodeBuild reads the repository by (GITHUB_TOKEN)")
    fi
  fi
}

apply_stack() {
  local name template variable item values=() arguments
  name=$(field "$1" .name)
  template=$root/$(field "$1" .template)
  arguments=(--stack-name "$name" --template-file "$template" --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset)
  while IFS= read -r item; do
    variable=$(field "$item" .value)
    if [ -n "${!variable-}" ]; then values+=("$(field "$item" .key)=${!variable}"); else missing+=("parameter of stack $name ($variable)"); fi
  done < <(jq -c '.parameters | to_entries[]' <<< "$1")
  [ "${#missing[@]}" -eq 0 ] || return 0
  [ "${#values[@]}" -eq 0 ] || arguments+=(--parameter-overrides "${values[@]}")
  if [ "$(wc -c < "$template")" -gt 51200 ]; then
    arguments+=(--s3-bucket "${TEMPLATES_BUCKET:?a bucket for stacks above 51200 bytes}")
  fi
  aws cloudformation deploy "${arguments[@]}" < /dev/null >&2
}

apply_approvers() {
  local variable policy count
  variable=$(field "$1" .variable)
  policy=$(policy_arn "$(field "$1" .name)")
  if [ -n "$policy" ] && [ -n "${!variable-}" ]; then
    aws iam attach-group-policy --group-name "${!variable}" --policy-arn "$policy"
    return
  fi
  count=$([ -z "$policy" ] || attached "$policy")
  [ "${count:-0}" -gt 0 ] || missing+=("people who approve: nobody has the policy $(field "$1" .name) ($variable)")
}

finish() {
  [ "${#missing[@]}" -eq 0 ] || { printf 'not set: %s\n' "${missing[@]}" >&2 && exit 1; }
}

apply() {
  local item
  while IFS= read -r item; do apply_parameter "$item"; done < <(jq -r '.parameters | keys[]' "$wanted")
  while IFS= read -r item; do apply_secret "$item"; done < <(list '.secrets[]')
  while IFS= read -r item; do apply_topic "$item"; done < <(list '.topics[]')
  apply_access
  # A stack starts what it holds.
  finish
  while IFS= read -r item; do apply_stack "$item"; done < <(list '.stacks[]')
  finish
  while IFS= read -r item; do apply_approvers "$item"; done < <(list '.approvers[]')
  finish
}

export_connection() {
  local arn status
  arn=$(resolve "$(jq -r '.connection.arn // ""' "$wanted")")
  status=$([ -z "$arn" ] || ask codeconnections get-connection --connection-arn "$arn" --query Connection.ConnectionStatus)
  jq --arg status "${status:-none}" '.connection | if . == null then . else .status = $status end' "$wanted"
}

export_parameters() {
  local name value
  while IFS= read -r name; do
    value=$(parameter "$name")
    [ -z "$value" ] || jq -n --arg name "$name" --arg value "$value" '{($name): $value}'
  done < <(jq -r '.parameters | keys[]' "$wanted") | jq -s 'add // {}'
}

export_secrets() {
  local item
  while IFS= read -r item; do
    if holds "$item"; then printf '%s\n' "$item"; fi
  done < <(list '.secrets[]') | jq -s .
}

export_topics() {
  local item arn policy
  while IFS= read -r item; do
    arn=$(resolve "$(field "$item" .name)")
    policy=$([ -z "$arn" ] || policy_of "$arn")
    [ -z "$policy" ] || jq -c --argjson publishers "$(publishers "$policy")" '.publishers = $publishers' <<< "$item"
  done < <(list '.topics[]') | jq -s .
}

export_stacks() {
  local item text current
  while IFS= read -r item; do
    text=$(ask cloudformation get-template --template-stage Original --stack-name "$(field "$item" .name)" --query TemplateBody)
    current=$([ "$text" = "$(cat "$root/$(field "$item" .template)")" ] && echo true || echo false)
    [ -z "$text" ] || jq -c --argjson current "$current" '.current = $current' <<< "$item"
  done < <(list '.stacks[]') | jq -s .
}

export_approvers() {
  local item policy count
  while IFS= read -r item; do
    policy=$(policy_arn "$(field "$item" .name)")
    count=$([ -z "$policy" ] || attached "$policy")
    [ -z "$policy" ] || jq -c --argjson count "${count:-0}" '.attached = ($count > 0)' <<< "$item"
  done < <(list '.approvers[]') | jq -s .
}

export_all() {
  local connection parameters secrets topics stacks approvers credentials
  connection=$(export_connection)
  credentials=$(ask codebuild list-source-credentials --query 'sourceCredentialsInfos[].serverType' | jq -R 'split("\t")[]' | jq -s .)
  parameters=$(export_parameters)
  secrets=$(export_secrets)
  topics=$(export_topics)
  stacks=$(export_stacks)
  approvers=$(export_approvers)
  jq -n --argjson connection "$connection" --argjson credentials "$credentials" --argjson parameters "$parameters" --argjson secrets "$secrets" \
    --argjson topics "$topics" --argjson stacks "$stacks" --argjson approvers "$approvers" \
    '{$connection, $credentials, $parameters, $secrets, $topics, $stacks, $approvers}'
}

case $action in
  apply) apply ;;
  export) export_all ;;
  *) echo "unknown: $action; say apply or export" >&2 && exit 2 ;;
esac
