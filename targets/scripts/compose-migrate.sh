docker compose run --rm -T @service@ sh -euc @command@ < /dev/null
