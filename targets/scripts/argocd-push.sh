tries=0
until git -C "$infra" rev-parse HEAD > "${TMPDIR:-/tmp}/@app@.commit" && git -C "$infra" push --quiet origin HEAD:@revision@; do
  tries=$((tries + 1))
  [ "$tries" -lt 5 ] || { echo "@revision@ cannot be pushed to"; exit 1; }
  git -C "$infra" -c user.name=deploy -c user.email=deploy@localhost pull --quiet --rebase origin @revision@
done
