import json, sys
for result in json.load(open(sys.argv[1])).get("Results") or []:
    for kind in ("Vulnerabilities", "Misconfigurations", "Secrets"):
        for finding in result.get(kind) or []:
            print(finding.get("Severity", "unknown").lower())
