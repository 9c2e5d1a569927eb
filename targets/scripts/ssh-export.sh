variables() {
  for name in @names@; do
    printf "export %s='%s'\n" "$name" "$(printenv "$name" | sed "s/'/'\\\\''/g")"
  done
}
