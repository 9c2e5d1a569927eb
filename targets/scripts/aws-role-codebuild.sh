mkdir -p "$HOME/.aws"
printf '[default]\nrole_arn = %s\ncredential_source = EcsContainer\nregion = %s\n' "$AWS_ROLE" "$AWS_REGION_NAME" > "$HOME/.aws/config"
