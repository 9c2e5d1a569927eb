if has("SchemaVersion") then .Results // [] else error("no report of Trivy") end | .[]
  | (.Vulnerabilities, .Misconfigurations, .Secrets) // [] | .[] | .Severity // "unknown" | ascii_downcase
