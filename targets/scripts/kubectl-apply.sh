helm template @app@ @chart@ --no-hooks \
  --namespace @namespace@ \
  --values @chart@/values-@environment@.yaml \
  --set-literal @set@ > "${TMPDIR:-/tmp}/@app@.yaml"
kubectl apply --namespace @namespace@ --filename "${TMPDIR:-/tmp}/@app@.yaml"
