import json, sys
for leak in json.load(open(sys.argv[1])):
    print("critical")
