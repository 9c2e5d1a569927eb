# The revision that runs now, for a rollback; none before the first deploy.
kubectl get deployment @app@ --namespace @namespace@ --ignore-not-found \
  --output 'jsonpath={.metadata.annotations.deployment\.kubernetes\.io/revision}' > "${TMPDIR:-/tmp}/@app@.revision"
