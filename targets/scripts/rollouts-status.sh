kubectl argo rollouts status @app@ --namespace @namespace@ --timeout @total@
