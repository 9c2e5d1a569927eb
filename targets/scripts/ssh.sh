keys=$(mktemp -d)
trap 'rm -rf "$keys"' EXIT
(umask 077 && printf '%s\n' "$SSH_KEY" > "$keys/id")
printf '%s\n' "$SSH_KNOWN_HOSTS" > "$keys/known_hosts"
remote() {
  ssh -i "$keys/id" -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile="$keys/known_hosts" \
    -p "${SSH_PORT:-22}" "$SSH_USER@$SSH_HOST" @shell@
}
