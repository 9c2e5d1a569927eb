@list@awk -v RS='<' '
  /^testcase[ \t\r\n\/>]/ { tests++ }
  /^(failure|error)[ \t\r\n\/>]/ { bad++ }
  END { failed = !tests || bad; print "gate @gate@: " tests + 0 " tests, " bad + 0 " failures <= 0 " (failed ? "failed" : "ok"); exit failed }'@file@
