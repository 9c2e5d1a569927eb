live=$(cat "${TMPDIR:-/tmp}/@app@.live")
if [ -n "$live" ]; then
  left=$((@old@ - $(date +%s) + $(cat "${TMPDIR:-/tmp}/@app@.switched")))
  [ "$left" -le 0 ] || sleep "$left"
  kubectl scale "deployment/$live" --namespace @namespace@ --replicas 0
fi
