severities() {
  if command -v jq > /dev/null; then jq -r '@jq@' "$1"
  elif command -v python3 > /dev/null; then python3 -c '@python@' "$1"
  else echo "gate @gate@: this job needs jq or python3" >&2; return 1
  fi
}
found=$(@each@) || { echo "gate @gate@: no report in @where@"; exit 1; }
printf '%s\n' "$found" | awk -v limits='@limits@' '
  NF { found[$1]++; found["any"]++ }
  END {
    n = split(limits, limit, " ")
    for (i = 1; i <= n; i++) {
      split(limit[i], most, "="); over = found[most[1]] > most[2] + 0; failed += over
      print "gate @gate@: " found[most[1]] + 0 " " most[1] " <= " most[2] (over ? " failed" : " ok")
    }
    exit failed > 0
  }'
