argocd app sync @application@ --revision "$(git -C "$infra" rev-parse HEAD)" @prune@--timeout @seconds@
argocd app wait @application@ --health --operation --timeout @seconds@
