.metadata.vulnerabilities | to_entries[] | select(.key != "total" and .key != "info") | range(.value) as $i | .key | sub("moderate"; "medium")
