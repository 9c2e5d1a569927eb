sample=1
while [ "$sample" -le @samples@ ]; do
  [ "$sample" = 1 ] || sleep @every@
  answer=$(@ask@) || { echo "gate @gate@: no answer from $@VAR@_ADDRESS failed"; exit 1; }
  found=$(printf '%s' "$answer" | @read@) || { echo "gate @gate@: $@VAR@_ADDRESS gave no result failed"; exit 1; }
  printf '%s\n' "$found" | LC_ALL=C awk -v CONVFMT=%.15g '
    /^-?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?$/ {
      seen++; x = sprintf("%.9f", $1 * @scale@) + 0
@limits@
    }
    END { if (!seen) { print "gate @gate@: no data @nodata@"; bad = @nodatafailed@ } exit bad > 0 }'
  sample=$((sample + 1))
done
