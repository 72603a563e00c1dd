#!/bin/sh
# All checks that need no running part. Every one runs, so that one round shows everything; exit 1 if any failed.
set -u
said=$(mktemp)
trap 'rm -f "$said"' EXIT
bin=.venv/bin
sources="portal jobs config.py tests scripts bench"
failed=""

check() {
    name=$1
    shift
    if "$@" >"$said" 2>&1; then
        echo "ok    $name"
    else
        cat "$said"
        echo "FAIL  $name"
        failed="$failed $name"
    fi
}

# shellcheck disable=SC2086
check ruff $bin/ruff check --quiet $sources
# shellcheck disable=SC2086
check format $bin/ruff format --check --quiet $sources
check mypy $bin/mypy --no-error-summary
check floors env PYTHONPATH=. $bin/lint-imports
check templates $bin/djlint --lint --quiet portal/templates
check translations $bin/python scripts/translations.py check

if [ -n "$failed" ]; then
    echo "checks failed:$failed" >&2
    exit 1
fi
