subject=$(printf '%s' "$SUBJECT" | tr '\r\n' '  ')
printf 'From: %s\r\nTo: %s\r\nSubject: %s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n' "$FROM" "@to@" "$subject" "$MESSAGE" |
  curl -fsS -m 60 --ssl-reqd @login@--mail-from "$FROM" @rcpt@ -T - "@scheme@://$SMTP"
