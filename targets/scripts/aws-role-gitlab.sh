mkdir -p "$HOME/.aws"
(umask 077 && printf '%s' "$ID_TOKEN" > "$HOME/.aws/token")
printf '[default]\nrole_arn = %s\nweb_identity_token_file = %s\nrole_session_name = %s\nregion = %s\n' \
  "$AWS_ROLE" "$HOME/.aws/token" "pipewright-$CI_JOB_ID" "$AWS_REGION_NAME" > "$HOME/.aws/config"
