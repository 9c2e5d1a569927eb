read -r run count 2> /dev/null < .@name@.run || run='' count=0
[ "$run" = "$RUN" ] || end "@name@: this run changed nothing here, so there is nothing to bring back" 0
[ "$count" -gt 0 ] || end "@name@: nothing ran here before, so there is nothing to go back to" 0
