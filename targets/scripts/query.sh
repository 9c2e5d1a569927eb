figures() {
  if command -v jq > /dev/null; then jq -r '@jq@'
  elif command -v python3 > /dev/null; then python3 -c '@python@'
  else node -e '@node@'
  fi
}
sample=1
while [ "$sample" -le @samples@ ]; do
  [ "$sample" = 1 ] || sleep @every@
  answer=$(@ask@) || { echo "gate @gate@: no answer from $@VAR@_ADDRESS failed"; exit 1; }
  found=$(printf '%s' "$answer" | figures) || { echo "gate @gate@: $@VAR@_ADDRESS gave no result failed"; exit 1; }
  printf '%s\n' "$found" | LC_ALL=C awk '
    /^-?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?$/ {
      seen++; sum = $1 * @scale@
      shown = sprintf("%.9f", sum); sub(/\.?0+$/, "", shown); sum = sprintf("%.9f", sum) + 0
@limits@
    }
    END { if (!seen) { print "gate @gate@: no data @nodata@"; failed = @nodatafailed@ } exit failed }'
  sample=$((sample + 1))
done
