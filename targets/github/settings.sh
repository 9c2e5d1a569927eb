# Brings the settings of a repository in step with what lies beside this script in github.json, or prints what is set.
#
#   github.sh apply OWNER/REPOSITORY    sets what is missing or different; what is right stays, so it can run at any time
#   github.sh export OWNER/REPOSITORY   prints what is set, for `pipewright doctor`
#
# Needs gh, logged in as an administrator of the repository, and jq. The value of a secret or variable that is not there yet is read
# from a variable of this shell with its name; what has no value is listed at the end, and the exit status is 1.
set -euo pipefail

action=${1:?apply or export}
repository=${2:?OWNER/REPOSITORY}
wanted=${BASH_SOURCE[0]%/*}/github.json
missing=()

api() { gh api --header 'X-GitHub-Api-Version: 2022-11-28' "$@" < /dev/null; }
send() { gh api --header 'X-GitHub-Api-Version: 2022-11-28' --method "$1" "$2" --input - > /dev/null; }
place() { jq -rn --arg name "$1" --arg repository "$repository" '"repos/\($repository)/environments/\($name | @uri)"'; }

# refs ENVIRONMENT: the branches and tags that may deploy, `ID TYPE NAME` a line.
refs() { api --paginate "$(place "$1")/deployment-branch-policies" --jq '.branch_policies[] | "\(.id) \(.type // "branch") \(.name)"' 2> /dev/null || true; }

# fill KIND NAMES-AND-VALUES [--env NAME]: secrets or variables, a JSON object; a value of null is looked up in the shell.
fill() {
  local kind=$1 values=$2 name value known
  shift 2
  known=$(gh "$kind" list --repo "$repository" "$@" --json name --jq '.[].name' < /dev/null)
  while IFS= read -r name; do
    value=$(jq -r --arg name "$name" '.[$name] // ""' <<< "$values")
    [ -n "$value" ] || value=${!name-}
    if [ -n "$value" ]; then
      printf '%s' "$value" | gh "$kind" set "$name" --repo "$repository" "$@"
    elif ! grep -qxF "$name" <<< "$known"; then
      missing+=("$kind $name $*")
    fi
  done < <(jq -r 'keys_unsorted[]' <<< "$values")
}

apply_environment() {
  local environment=$1 name reviewers='[]' team id type glob have want
  name=$(jq -r .name <<< "$environment")
  while IFS= read -r team; do
    id=$(api "orgs/${team%%/*}/teams/${team#*/}" --jq .id)
    reviewers=$(jq -c --argjson id "$id" '. + [{type: "Team", id: $id}]' <<< "$reviewers")
  done < <(jq -r '.reviewers[]' <<< "$environment")
  jq --argjson reviewers "$reviewers" '.settings + {reviewers: $reviewers}' <<< "$environment" | send PUT "$(place "$name")"
  want=$(jq -r '.refs[] | "\(.type) \(.name)"' <<< "$environment")
  have=$(refs "$name")
  while read -r id type glob; do
    [ -z "$id" ] || grep -qxF "$type $glob" <<< "$want" || api --method DELETE "$(place "$name")/deployment-branch-policies/$id"
  done <<< "$have"
  while read -r type glob; do
    [ -z "$type" ] || cut -d ' ' -f 2- <<< "$have" | grep -qxF "$type $glob" ||
      jq -n --arg type "$type" --arg name "$glob" '{$type, $name}' | send POST "$(place "$name")/deployment-branch-policies"
  done <<< "$want"
  fill secret "$(jq '[.secrets[] | {(.): null}] | add // {}' <<< "$environment")" --env "$name"
}

apply_ruleset() {
  local name id
  name=$(jq -r .name <<< "$1")
  id=$(api --paginate "repos/$repository/rulesets" | jq -rs --arg name "$name" 'add | map(select(.name == $name))[0].id // empty')
  if [ -n "$id" ]; then send PUT "repos/$repository/rulesets/$id" <<< "$1"; else send POST "repos/$repository/rulesets" <<< "$1"; fi
}

apply() {
  local item
  while IFS= read -r item; do apply_environment "$item"; done < <(jq -c '.environments[]' "$wanted")
  while IFS= read -r item; do apply_ruleset "$item"; done < <(jq -c '.rulesets[]' "$wanted")
  fill secret "$(jq '[.secrets[] | {(.): null}] | add // {}' "$wanted")"
  fill variable "$(jq .variables "$wanted")"
  if [ "${#missing[@]}" -gt 0 ]; then
    printf 'not set, and no variable of this shell has a value for it: %s\n' "${missing[@]}" >&2
    exit 1
  fi
}

export_environment() {
  local environment=$1 name
  name=$(jq -r .name <<< "$environment")
  jq --arg owner "${repository%%/*}" \
    --arg refs "$(refs "$name")" \
    --argjson secrets "$(gh secret list --repo "$repository" --env "$name" --json name --jq '[.[].name]' < /dev/null)" '
    ([.protection_rules[]? | select(.type == "required_reviewers")][0]) as $rule | {
      name,
      reviewers: [$rule.reviewers[]? | select(.type == "Team") | "\($owner)/\(.reviewer.slug)"],
      settings: {prevent_self_review: ($rule.prevent_self_review // false), deployment_branch_policy},
      refs: [$refs | split("\n")[] | select(. != "") | split(" ") | {type: .[1], name: (.[2:] | join(" "))}],
      $secrets
    }' <<< "$environment"
}

export_all() {
  local item environments rulesets
  environments=$(api --paginate "repos/$repository/environments" --jq '.environments[]' | jq -c . | while IFS= read -r item; do export_environment "$item"; done | jq -s .)
  rulesets=$(api --paginate "repos/$repository/rulesets" --jq '.[].id' | while IFS= read -r item; do api "repos/$repository/rulesets/$item"; done |
    jq -s '[.[] | {name, target, enforcement, bypass_actors, conditions, rules}]')
  jq -n --argjson environments "$environments" --argjson rulesets "$rulesets" \
    --argjson secrets "$(gh secret list --repo "$repository" --json name --jq '[.[].name]' < /dev/null)" \
    --argjson variables "$(gh variable list --repo "$repository" --json name,value --jq '[.[] | {(.name): .value}] | add // {}' < /dev/null)" \
    '{$environments, $rulesets, $secrets, $variables}'
}

case $action in
  apply) apply ;;
  export) export_all ;;
  *) echo "unknown: $action; say apply or export" >&2 && exit 2 ;;
esac
