case $VERSION in
  '' | *[!A-Za-z0-9_.-]*) echo "$VERSION is no tag of an image"; exit 1 ;;
esac
