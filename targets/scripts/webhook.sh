curl -fsS -m 30 -H 'Content-Type: application/json' -d "{\"event\": \"@moment@\", \"text\": $(json_string "$MESSAGE")}" "$WEBHOOK"
