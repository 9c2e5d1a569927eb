last=$(($(date +%s) + @seconds@))
until {
  @line@
} < /dev/null; do
  [ "$(date +%s)" -lt "$last" ] || end "@name@ $VERSION is not well"
  sleep 5
done
