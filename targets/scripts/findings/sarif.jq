.runs[] | (.tool | [.driver, .extensions[]?] | map(.rules[]?) | INDEX(.id)) as $rules
  | (.results // [])[] | select(.suppressions // [] | length == 0 or any((.status // "accepted") != "accepted"))
  | $rules[.ruleId // ""] as $rule | ({error: 7, warning: 4}[.level // $rule.defaultConfiguration.level // "warning"] // 0) as $level
  | {"security-severity": $level} + $rule.properties + .properties | .["security-severity"] | tonumber
  | if . >= 9 then "critical" elif . >= 7 then "high" elif . >= 4 then "medium" else "low" end
