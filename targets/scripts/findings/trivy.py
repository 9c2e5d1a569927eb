results = report["SchemaVersion"] and report.get("Results") or []
parts = [result.get(kind) or [] for result in results for kind in ("Vulnerabilities", "Misconfigurations", "Secrets")]
found = [(finding.get("Severity") or "unknown").lower() for part in parts for finding in part]
