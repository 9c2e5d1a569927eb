import json, sys
for site in json.load(open(sys.argv[1]))["site"]:
    for alert in site["alerts"]:
        if alert["riskcode"] != "0":
            print(["info", "low", "medium", "high"][int(alert["riskcode"])])
