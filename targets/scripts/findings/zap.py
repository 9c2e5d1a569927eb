risks = [int(alert["riskcode"]) for site in report["site"] for alert in site["alerts"]]
found = [["low", "medium", "high"][risk - 1] for risk in risks if risk > 0]
