curl -fsS -m 30 -H 'Content-Type: application/json' https://events.pagerduty.com/v2/enqueue -d "{
  \"routing_key\": $(json_string "$ROUTING_KEY"), \"event_action\": \"trigger\",
  \"payload\": {\"summary\": $(json_string "$MESSAGE"), \"source\": \"@source@\", \"severity\": \"@severity@\"}
}"
