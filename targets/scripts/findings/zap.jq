.site[] | .alerts[] | ["info", "low", "medium", "high"][.riskcode | tonumber] | select(. != "info")
