curl -fsS -m 30 -H 'Content-Type: application/json' -d "{\"text\": $(json_string "$MESSAGE")}" "$WEBHOOK"
