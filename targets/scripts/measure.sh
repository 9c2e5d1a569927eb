@read@ | LC_ALL=C awk -v CONVFMT=%.15g '
  { n += NF; good += $1 ~ /^-?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?$/; x += @figure@ }
  END { if (n != @count@ || good != @count@) { print "gate @gate@: no figure in @where@"; exit 1 }
    @limits@ }'
