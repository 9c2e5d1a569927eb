count=$(($(wc -l < "$history") - 1))
[ "$count" -gt 0 ] || end "@name@: nothing ran here before, so there is nothing to go back to"
