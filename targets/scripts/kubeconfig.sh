mkdir -p "$HOME/.kube"
(umask 077 && printf '%s\n' "$KUBECONFIG_FILE" > "$HOME/.kube/config")
