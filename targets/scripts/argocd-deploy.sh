rm -rf "$infra/@folder@"
mkdir -p "$infra/@folder@"
cp -R @chart@/. "$infra/@folder@"
printf 'image:\n  %s: "%s"\n' @key@ > "$infra/@folder@/version.yaml"
git -C "$infra" add --all @folder@
: > "${TMPDIR:-/tmp}/@app@.commit"
if ! git -C "$infra" diff --cached --quiet; then
  git -C "$infra" -c user.name=deploy -c user.email=deploy@localhost commit --quiet --message "Deploy @app@ @shown@ to @environment@"
@push@
fi
