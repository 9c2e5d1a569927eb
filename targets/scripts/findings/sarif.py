found = []
for run in report["runs"]:
    rules = {rule["id"]: rule for part in [run["tool"]["driver"], *run["tool"].get("extensions", [])] for rule in part.get("rules", [])}
    for result in run.get("results") or []:
        rule = rules.get(result.get("ruleId"), {})
        level = {"error": 7, "warning": 4}.get(result.get("level") or rule.get("defaultConfiguration", {}).get("level", "warning"), 0)
        score = float({"security-severity": level, **rule.get("properties", {}), **result.get("properties", {})}["security-severity"])
        if not result.get("suppressions") or any(s.get("status", "accepted") != "accepted" for s in result["suppressions"]):
            found.append("critical" if score >= 9 else "high" if score >= 7 else "medium" if score >= 4 else "low")
