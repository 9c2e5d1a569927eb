import json, sys
for severity, count in json.load(open(sys.argv[1]))["metadata"]["vulnerabilities"].items():
    if severity not in ("total", "info"):
        print("\n".join([severity.replace("moderate", "medium")] * count))
