case $VERSION in
  '' | *[!A-Za-z0-9_.-]*) end "$VERSION is no tag of an image" ;;
esac
printf '%s %s\n' "$RUN" "$(($(wc -l < "$history")))" > .@name@.run
@select@
docker compose config --images < /dev/null | grep -F -- "$VERSION" > /dev/null || end "no image of @name@ has the version: write image: …:\${VERSION}"
docker compose pull --quiet < /dev/null
