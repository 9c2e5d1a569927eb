kubectl delete --namespace @namespace@ --ignore-not-found --filename "${TMPDIR:-/tmp}/@app@-canary.yaml"
