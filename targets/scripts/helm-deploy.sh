helm upgrade --install @app@ @chart@ \
  --namespace @namespace@ \
  --values @chart@/values-@environment@.yaml \
  --set-literal @set@ \
  @keep@--wait --timeout @wait@
