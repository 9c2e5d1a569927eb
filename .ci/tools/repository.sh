# shellcheck shell=bash
# Sourced: a throw-away git repository around generated files, so that the tools see them where a vendor would.

# repository FOLDER: copies the folder's content into a new repository on branch main and prints its path.
repository() {
    local at
    at=$(mktemp -d "${TMPDIR:-/tmp}/pipewright-ci.XXXXXX")
    cp -a "$1/." "$at/"
    rm -rf "$at/.git"
    (
        cd "$at" || exit
        git init -q -b main
        git config user.email ci@example.invalid
        git config user.name ci
        echo .gitlab-ci-local/ >>.git/info/exclude
        git add -A
        git commit -q -m "Add the pipeline"
        # gitlab-ci-local asks what the remote's default branch is. The remote is never called.
        git remote add origin git@gitlab.example.com:group/project.git
        git update-ref refs/remotes/origin/main HEAD
        git symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/main
    ) >/dev/null
    echo "$at"
}

# Takes out what gitlab-ci-local says of jobs that start the pipeline of another project, which it does not run: it says so among its answers.
quiet() {
    sed '/^ WARN  The job: .* will be no-op\. Multi-project pipeline is not supported/d'
}
