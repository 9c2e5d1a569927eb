[ -e '/usr/share/zoneinfo/@zone@' ] || apk add -q --no-cache tzdata 2> /dev/null || true
[ -e '/usr/share/zoneinfo/@zone@' ] || { echo "gate @gate@: this job does not know the zone @zone@: install tzdata"; exit 1; }
TZ='@zone@' date '+%u %H %M %a %H:%M' | awk -v closed='@closed@' '{
  now = ($1 - 1) * 1440 + $2 * 60 + $3
  n = split(closed, span, " ")
  for (i = 1; i <= n; i++) {
    split(span[i], edge, "-"); from = edge[1] + 0; to = edge[2] + 0
    if (from < to ? now >= from && now < to : now >= from || now < to) shut = 1
  }
  print "gate @gate@: " $4 " " $5 " @zone@, closed @shown@ " (shut ? "failed" : "ok")
  exit shut
}'
