if [ ! -e "${TMPDIR:-/tmp}/@app@.revision" ]; then
  echo "@app@: nothing that runs was changed, so there is nothing to bring back"
  exit 0
fi
revision=$(cat "${TMPDIR:-/tmp}/@app@.revision")
if [ -z "$revision" ]; then
  echo "@app@: nothing ran here before, so there is nothing to go back to"
  exit 0
fi
@restore@
if [ -s "${TMPDIR:-/tmp}/@app@-canary.yaml" ]; then
  kubectl delete --namespace @namespace@ --ignore-not-found --filename "${TMPDIR:-/tmp}/@app@-canary.yaml"
fi
kubectl rollout undo deployment/@app@ --to-revision "$revision" --namespace @namespace@
kubectl rollout status deployment/@app@ --namespace @namespace@ --timeout @wait@
