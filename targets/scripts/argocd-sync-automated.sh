argocd app get @application@ --refresh > /dev/null
argocd app wait @application@ --sync --health --operation --timeout @seconds@
