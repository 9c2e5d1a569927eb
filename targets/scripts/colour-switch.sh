next=$(cat "${TMPDIR:-/tmp}/@app@.next")
helm template @app@ @chart@ --no-hooks \
  --namespace @namespace@ \
  --values @chart@/values-@environment@.yaml \
  --set-literal @set@ --set-literal active="$next" > "${TMPDIR:-/tmp}/@app@.yaml"
kubectl apply --namespace @namespace@ --filename "${TMPDIR:-/tmp}/@app@.yaml"
date +%s > "${TMPDIR:-/tmp}/@app@.switched"
