DIGEST=${IMAGE#*@}
case $DIGEST in
  sha256:*) ;;
  *) echo "$IMAGE has no digest"; exit 1 ;;
esac
