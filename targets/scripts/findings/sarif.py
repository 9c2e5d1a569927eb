import json, sys
for run in json.load(open(sys.argv[1]))["runs"]:
    tool = run["tool"]
    rules = {r["id"]: r for part in [tool["driver"], *tool.get("extensions", [])] for r in part.get("rules", [])}
    for result in run.get("results") or []:
        if result.get("suppressions"):
            continue
        rule = rules.get(result.get("ruleId"), {})
        score = result.get("properties", {}).get("security-severity", rule.get("properties", {}).get("security-severity"))
        level = result.get("level", rule.get("defaultConfiguration", {}).get("level", "warning"))
        if score is not None:
            score = float(score)
            print("critical" if score >= 9 else "high" if score >= 7 else "medium" if score >= 4 else "low")
        else:
            print({"error": "high", "warning": "medium"}.get(level, "low"))
