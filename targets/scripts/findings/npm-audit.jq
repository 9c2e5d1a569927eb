.metadata.vulnerabilities | to_entries[] | select(.key != "total" and .key != "info") | range(.value) as $one | .key | sub("moderate"; "medium")
