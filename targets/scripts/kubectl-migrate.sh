helm template @app@ @chart@ --show-only templates/migrate.yaml \
  --namespace @namespace@ \
  --values @chart@/values-@environment@.yaml \
  --set-literal @set@ > "${TMPDIR:-/tmp}/@app@-migrate.yaml"
kubectl delete --namespace @namespace@ --ignore-not-found --filename "${TMPDIR:-/tmp}/@app@-migrate.yaml"
kubectl apply --namespace @namespace@ --filename "${TMPDIR:-/tmp}/@app@-migrate.yaml"
kubectl wait --for=condition=complete job/@app@-migrate --namespace @namespace@ --timeout @limit@
