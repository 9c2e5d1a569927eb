commit=$(cat "${TMPDIR:-/tmp}/@app@.commit" 2> /dev/null || true)
if [ -z "$commit" ]; then
  echo "@app@: this job committed nothing, so there is nothing to go back to"
  exit 0
fi
