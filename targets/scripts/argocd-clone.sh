export GIT_ASKPASS="${TMPDIR:-/tmp}/askpass"
(umask 077 && printf '#!/bin/sh\nprintenv INFRA_TOKEN\n' > "$GIT_ASKPASS")
chmod +x "$GIT_ASKPASS"
infra=$(mktemp -d)
git clone --quiet --depth 50 --branch @revision@ @repo@ "$infra"
