.site[] | .alerts[] | .riskcode | tonumber | select(. > 0) | ["low", "medium", "high"][. - 1]
