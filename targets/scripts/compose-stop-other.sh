COMPOSE_PROJECT_NAME="@name@-$other" docker compose stop < /dev/null
