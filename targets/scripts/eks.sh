aws eks update-kubeconfig --name "$CLUSTER" --region "$REGION"
