figures="@figures@"
LC_ALL=C awk -v figures="$figures" 'BEGIN {
  n = split(figures, figure, " ")
  for (i = 1; i <= n; i++) if (figure[i] !~ /^-?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?$/) n = 0
  if (n != @count@) { print "gate @gate@: no figure in @where@"; exit 1 }
@sum@
  shown = sprintf("%.9f", sum); sub(/\.?0+$/, "", shown); sum = sprintf("%.9f", sum) + 0
@limits@
  exit failed
}'
