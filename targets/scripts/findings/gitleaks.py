found = ["critical" for leak in report[0:]]
