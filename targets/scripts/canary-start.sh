helm template @app@-canary @chart@ --no-hooks \
  --namespace @namespace@ \
  --values @chart@/values-@environment@.yaml \
  --set-literal @set@ \
  --set-literal slot=canary --set replicas=@pods@ > "${TMPDIR:-/tmp}/@app@-canary.yaml"
if [ -s "${TMPDIR:-/tmp}/@app@.revision" ]; then
  kubectl apply --namespace @namespace@ --filename "${TMPDIR:-/tmp}/@app@-canary.yaml"
fi
