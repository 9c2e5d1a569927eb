# The revision that runs now, for a rollback; none before the first release.
helm list --namespace @namespace@ --filter '^@app@$' --deployed > "${TMPDIR:-/tmp}/@app@.releases"
awk -F'\t' 'NR > 1 { print $3 + 0 }' "${TMPDIR:-/tmp}/@app@.releases" > "${TMPDIR:-/tmp}/@app@.revision"
