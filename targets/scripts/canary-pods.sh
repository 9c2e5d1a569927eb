kubectl scale deployment/@app@-canary --namespace @namespace@ --replicas @pods@
kubectl rollout status deployment/@app@-canary --namespace @namespace@ --timeout @wait@
kubectl scale deployment/@app@ --namespace @namespace@ --replicas @rest@
