cd @dir@
# One at a time: a deploy that lost its runner may still be at work.
exec 9> .@name@.lock
flock 9
# What ran here, a line for each deploy, the last one running now.
history=.@name@.history
touch "$history"
end() { echo "$1"; exit "${2:-1}"; }
