# Brings the settings of a project in step with what lies beside this script in gitlab.json, or prints what is set.
#
#   gitlab.sh apply GROUP/PROJECT    sets what is missing or different; what is right stays, so it can run at any time
#   gitlab.sh export GROUP/PROJECT   prints what is set, for `pipewright doctor`
#
# Needs glab, logged in as a maintainer of the project, and jq. The value of a variable that is not there yet is read from a variable of
# this shell with its name; what has no value is listed at the end, and the exit status is 1.
set -euo pipefail

action=${1:?apply or export}
project=projects/$(jq -rn --arg path "${2:?GROUP/PROJECT}" '$path | @uri')
wanted=${BASH_SOURCE[0]%/*}/gitlab.json
missing=()

api() { glab api "$@" < /dev/null; }
all() { api --paginate "$project/$1?per_page=100" | jq -s 'add // []'; }
send() { glab api --method "$1" --header 'Content-Type: application/json' --input - "$project/$2" > /dev/null; }
uri() { jq -rn --arg text "$1" '$text | @uri'; }
group() { api "groups/$(uri "$1")" | jq .id; }

# with_groups JSON: every `group` as the `group_id` that the API wants.
with_groups() {
  local body=$1 path
  while IFS= read -r path; do
    body=$(jq --arg path "$path" --argjson id "$(group "$path")" 'walk(if type == "object" and .group == $path then del(.group) + {group_id: $id} else . end)' <<< "$body")
  done < <(jq -r '[.. | objects | .group // empty] | unique[]' <<< "$body")
  printf '%s' "$body"
}

# replace KIND JSON: what is protected under that name is protected anew.
replace() {
  local name
  name=$(uri "$(jq -r .name <<< "$2")")
  if api "$project/$1/$name" > /dev/null 2>&1; then api --method DELETE "$project/$1/$name" > /dev/null; fi
  with_groups "$2" | send POST "$1"
}

apply_schedule() {
  local id variable key
  id=$(all pipeline_schedules | jq -r --argjson wanted "$1" 'map(select(.description == $wanted.description))[0].id // empty')
  if [ -z "$id" ]; then
    id=$(jq 'del(.variables)' <<< "$1" | glab api --method POST --header 'Content-Type: application/json' --input - "$project/pipeline_schedules" | jq .id)
  else
    jq 'del(.variables)' <<< "$1" | send PUT "pipeline_schedules/$id"
  fi
  while IFS= read -r variable; do
    key=$(jq -r .key <<< "$variable")
    if api "$project/pipeline_schedules/$id" | jq -e --arg key "$key" 'any(.variables[]?; .key == $key)' > /dev/null; then
      send PUT "pipeline_schedules/$id/variables/$key" <<< "$variable"
    else
      send POST "pipeline_schedules/$id/variables" <<< "$variable"
    fi
  done < <(jq -c '.variables[]' <<< "$1")
}

apply_variable() {
  local key scope value method=POST path=variables
  key=$(jq -r .key <<< "$1")
  scope=$(jq -r .environment_scope <<< "$1")
  value=${!key-}
  if jq -e --arg key "$key" --arg scope "$scope" 'any(.[]; .key == $key and .environment_scope == $scope)' <<< "$known" > /dev/null; then
    method=PUT path="variables/$key?filter%5Benvironment_scope%5D=$(uri "$scope")"
    [ -n "$value" ] || return 0
  elif [ -z "$value" ]; then
    missing+=("$key (environment scope $scope)")
    return 0
  fi
  # GitLab masks no value of several lines or of fewer than eight characters.
  jq --arg value "$value" '. + {$value} | if (.value | test("\n")) or (.value | length) < 8 then .masked = false else . end' <<< "$1" | send "$method" "$path"
}

apply_rule() {
  local id branches
  branches=$(all protected_branches | jq --argjson rule "$1" '[.[] | select(.name as $name | $rule.branches | index($name)) | .id]')
  id=$(all approval_rules | jq -r --argjson rule "$1" 'map(select(.name == $rule.name))[0].id // empty')
  jq --argjson ids "$branches" 'del(.branches) + {protected_branch_ids: $ids}' <<< "$1" |
    if [ -n "$id" ]; then send PUT "approval_rules/$id"; else send POST approval_rules; fi
}

apply() {
  local item known
  if jq -e '.project != {}' "$wanted" > /dev/null; then jq .project "$wanted" | send PUT ''; fi
  if jq -e '.approvals != {}' "$wanted" > /dev/null; then jq .approvals "$wanted" | send POST approvals; fi
  while IFS= read -r item; do replace protected_branches "$item"; done < <(jq -c '.protected_branches[]' "$wanted")
  while IFS= read -r item; do apply_rule "$item"; done < <(jq -c '.approval_rules[]' "$wanted")
  while IFS= read -r item; do replace protected_environments "$item"; done < <(jq -c '.protected_environments[]' "$wanted")
  while IFS= read -r item; do apply_schedule "$item"; done < <(jq -c '.pipeline_schedules[]' "$wanted")
  known=$(all variables)
  while IFS= read -r item; do apply_variable "$item"; done < <(jq -c '.variables[]' "$wanted")
  if [ "${#missing[@]}" -gt 0 ]; then
    printf 'not set, and no variable of this shell has a value for it: %s\n' "${missing[@]}" >&2
    exit 1
  fi
}

# names JSON: every `group_id` as the `group` that the spec names.
names() {
  local body=$1 id
  while IFS= read -r id; do
    body=$(jq --argjson id "$id" --arg path "$(api "groups/$id" | jq -r .full_path)" 'walk(if type == "object" and .group_id == $id then del(.group_id) + {group: $path} else . end)' <<< "$body")
  done < <(jq -r '[.. | objects | .group_id // empty] | unique[]' <<< "$body")
  printf '%s' "$body"
}

schedules() {
  local id
  all pipeline_schedules | jq -r '.[].id' | while IFS= read -r id; do api "$project/pipeline_schedules/$id"; done |
    jq -s 'map({description, ref: (.ref | ltrimstr("refs/heads/")), cron, cron_timezone, active, variables: [.variables[]? | {key, value}]})'
}

export_all() {
  local environments
  environments=$(names "$(all protected_environments 2> /dev/null || echo '[]')")
  jq -n --argjson project "$(api "$project")" \
    --argjson approvals "$(api "$project/approvals" 2> /dev/null || echo '{}')" \
    --argjson branches "$(all protected_branches)" \
    --argjson rules "$(all approval_rules 2> /dev/null || echo '[]')" \
    --argjson environments "$environments" \
    --argjson schedules "$(schedules)" \
    --argjson variables "$(all variables)" '{
      project: ($project | {merge_method, only_allow_merge_if_pipeline_succeeds, auto_cancel_pending_pipelines}),
      approvals: ($approvals | {reset_approvals_on_push}),
      protected_branches: [$branches[] | {
        name, allow_force_push, code_owner_approval_required,
        push_access_level: ([.push_access_levels[]?.access_level] | max), merge_access_level: ([.merge_access_levels[]?.access_level] | min)
      }],
      approval_rules: [$rules[] | {name, approvals_required, branches: [.protected_branches[]?.name]}],
      protected_environments: [$environments[] | {
        name,
        deploy_access_levels: [.deploy_access_levels[] | if .group then {group} else {access_level} end],
        approval_rules: [.approval_rules[]? | {group, required_approvals}]
      }],
      pipeline_schedules: $schedules,
      variables: [$variables[] | {key, environment_scope, masked}]
    }'
}

case $action in
  apply) apply ;;
  export) export_all ;;
  *) echo "unknown: $action; say apply or export" >&2 && exit 2 ;;
esac
