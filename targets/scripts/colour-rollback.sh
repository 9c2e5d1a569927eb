if [ ! -e "${TMPDIR:-/tmp}/@app@.live" ]; then
  echo "@app@: nothing that runs was changed, so there is nothing to bring back"
  exit 0
fi
live=$(cat "${TMPDIR:-/tmp}/@app@.live")
if [ -z "$live" ]; then
  echo "@app@: nothing ran here before, so there is nothing to go back to"
  exit 0
fi
kubectl patch service @app@ --namespace @namespace@ --patch "{\"spec\":{\"selector\":{\"app.kubernetes.io/instance\":\"$live\"}}}"
failed=@app@-$(cat "${TMPDIR:-/tmp}/@app@.next")
if kubectl get "deployment/$failed" --namespace @namespace@ > /dev/null 2>&1; then
  kubectl scale "deployment/$failed" --namespace @namespace@ --replicas 0
fi
