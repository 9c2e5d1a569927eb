end=$(($(date +%s) + @during@))
while :; do
  status=$(curl -s -o /dev/null -m 10 -w '%{http_code}' "$@VAR@_URL") || true
  [ "$status" = @status@ ] || { echo "gate @gate@: $@VAR@_URL answered ${status:-nothing}, not @status@ failed"; exit 1; }
  [ "$(date +%s)" -lt "$end" ] || break
  sleep @every@
done
echo "gate @gate@: $@VAR@_URL answered @status@ for @shown@ ok"
