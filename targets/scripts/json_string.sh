json_string() {
  printf '%s' "$1" | tr '\t\r' '  ' | tr -d '\001-\010\013\014\016-\037' | sed 's/[\\"]/\\&/g' |
    awk 'BEGIN { printf "\"" } { printf "%s%s", (NR > 1 ? "\\n" : ""), $0 } END { printf "\"" }'
}
