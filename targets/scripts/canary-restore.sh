kubectl scale deployment/@app@ --namespace @namespace@ --replicas @replicas@
