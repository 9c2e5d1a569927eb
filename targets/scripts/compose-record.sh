[ "$(tail -n 1 "$history")" = "@entry@" ] || printf '%s\n' "@entry@" >> "$history"
