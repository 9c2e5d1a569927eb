# The revision that runs now, for a rollback; none before the first deploy.
kubectl get rollout @app@ --namespace @namespace@ --ignore-not-found \
  --output 'jsonpath={.metadata.annotations.rollout\.argoproj\.io/revision}' > "${TMPDIR:-/tmp}/@app@.revision"
