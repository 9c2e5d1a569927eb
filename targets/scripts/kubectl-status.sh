kubectl rollout status deployment/@app@ --namespace @namespace@ --timeout @wait@
