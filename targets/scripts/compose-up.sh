docker compose up --detach --wait --wait-timeout @seconds@ --remove-orphans < /dev/null
