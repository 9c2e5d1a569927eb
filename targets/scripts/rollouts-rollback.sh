if [ ! -e "${TMPDIR:-/tmp}/@app@.revision" ]; then
  echo "@app@: nothing that runs was changed, so there is nothing to bring back"
  exit 0
fi
revision=$(cat "${TMPDIR:-/tmp}/@app@.revision")
if [ -z "$revision" ]; then
  echo "@app@: nothing ran here before, so there is nothing to go back to"
  exit 0
fi
kubectl argo rollouts undo @app@ --to-revision "$revision" --namespace @namespace@
kubectl argo rollouts status @app@ --namespace @namespace@ --timeout @total@
