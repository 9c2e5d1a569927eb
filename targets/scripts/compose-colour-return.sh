COLOUR=${entry%% *} VERSION=${entry#* }
case $COLOUR in
  blue) other=green ;;
  green) other=blue ;;
  *) end "@name@: what ran before has no colour; bring it back by hand" ;;
esac
export VERSION COLOUR COMPOSE_FILE=@file@ COMPOSE_PROJECT_NAME="@name@-$COLOUR"
