kubectl config set-context --current --namespace='@namespace@'
