.Results // [] | .[] | (.Vulnerabilities // [], .Misconfigurations // [], .Secrets // []) | .[] | .Severity // "unknown" | ascii_downcase
