@list@python3 -c 'import json, sys
@found@
counts = [(sum(severity in (one, "any") for one in found), severity, most) for severity, most in [@limits@]]
for n, severity, most in counts:
    print(f"gate @gate@: {n} {severity} <= {most}", "failed" if n > most else "ok")
sys.exit(any(n > most for n, severity, most in counts))'
