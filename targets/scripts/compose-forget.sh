head -n "$count" "$history" > "$history.new"
mv "$history.new" "$history"
rm -f .@name@.run
