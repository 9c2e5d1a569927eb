# arn:aws:sns:REGION:ACCOUNT:NAME
region=${TOPIC#arn:*:sns:}
aws sns publish --region "${region%%:*}" --topic-arn "$TOPIC" --message "$MESSAGE"
