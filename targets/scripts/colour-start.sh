# The version that gets the requests now, for a rollback; none before the first deploy.
live=$(kubectl get service @app@ --namespace @namespace@ --ignore-not-found \
  --output 'jsonpath={.spec.selector.app\.kubernetes\.io/instance}')
case $live in
  @app@-blue) next=green ;;
  *) next=blue ;;
esac
printf '%s' "$live" > "${TMPDIR:-/tmp}/@app@.live"
printf '%s' "$next" > "${TMPDIR:-/tmp}/@app@.next"
helm template "@app@-$next" @chart@ --no-hooks \
  --namespace @namespace@ \
  --values @chart@/values-@environment@.yaml \
  --set-literal @set@ --set-literal slot="$next" > "${TMPDIR:-/tmp}/@app@.yaml"
kubectl apply --namespace @namespace@ --filename "${TMPDIR:-/tmp}/@app@.yaml"
@scale@
kubectl rollout status "deployment/@app@-$next" --namespace @namespace@ --timeout @wait@
