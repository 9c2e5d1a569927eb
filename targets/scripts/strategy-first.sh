if [ ! -s "${TMPDIR:-/tmp}/@app@.@state@" ]; then
  echo "@app@: the first version here has nothing to be held against"
  exit 0
fi
