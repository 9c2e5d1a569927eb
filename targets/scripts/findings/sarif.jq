.runs[] | ([.tool.driver.rules // [], (.tool.extensions // [] | .[].rules // [])] | add | map({key: .id, value: .}) | from_entries) as $rules
| .results // [] | .[] | select(.suppressions // [] | length == 0)
| ($rules[.ruleId // ""] // {}) as $rule | (.properties["security-severity"] // $rule.properties["security-severity"] // null) as $score
| (.level // $rule.defaultConfiguration.level // "warning") as $level
| if $score != null then ($score | tonumber | if . >= 9 then "critical" elif . >= 7 then "high" elif . >= 4 then "medium" else "low" end)
  else {error: "high", warning: "medium", note: "low"}[$level] // "low" end
