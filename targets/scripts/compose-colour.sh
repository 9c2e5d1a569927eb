case $(tail -n 1 "$history") in
  'blue '*) COLOUR=green ;;
  *) COLOUR=blue ;;
esac
export VERSION COLOUR COMPOSE_FILE=@file@ COMPOSE_PROJECT_NAME="@name@-$COLOUR"
