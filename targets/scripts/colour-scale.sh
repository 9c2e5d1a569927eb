# The load scales it, so its objects do not say how many pods; a retired version has none.
kubectl scale "deployment/@app@-$next" --namespace @namespace@ --replicas @replicas@
