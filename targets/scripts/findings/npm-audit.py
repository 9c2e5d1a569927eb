counts = report["metadata"]["vulnerabilities"].items()
found = [severity.replace("moderate", "medium") for severity, n in counts if severity not in ("total", "info") for _ in range(n)]
