@list@jq -rs '@check@
  | [@each@@severities@] as $found
  | {@limits@} | to_entries
  | map(.key as $severity | ([$found[] | select(. == $severity or $severity == "any")] | length) as $n
    | "gate @gate@: \($n) \(.key) <= \(.value) \(if $n > .value then "failed" else "ok" end)")
  | .[], (select(any(endswith("failed"))) | "" | halt_error(1))'@file@
