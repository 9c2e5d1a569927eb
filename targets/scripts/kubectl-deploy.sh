# The revision that runs now, for a rollback; none before the first deploy.
kubectl get deployment @app@ --namespace @namespace@ --ignore-not-found \
  --output 'jsonpath={.metadata.annotations.deployment\.kubernetes\.io/revision}' > "${TMPDIR:-/tmp}/@app@.revision"
helm template @app@ @chart@ --no-hooks \
  --namespace @namespace@ \
  --values @chart@/values-@environment@.yaml \
  --set-literal @set@ > "${TMPDIR:-/tmp}/@app@.yaml"
kubectl apply --namespace @namespace@ --filename "${TMPDIR:-/tmp}/@app@.yaml"
kubectl rollout status deployment/@app@ --namespace @namespace@ --timeout @wait@
