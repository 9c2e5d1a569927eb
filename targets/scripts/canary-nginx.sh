kubectl scale deployment/@app@-canary --namespace @namespace@ --replicas @pods@
kubectl rollout status deployment/@app@-canary --namespace @namespace@ --timeout @wait@
kubectl annotate ingress/@app@-canary --namespace @namespace@ --overwrite nginx.ingress.kubernetes.io/canary-weight=@weight@
