#!/bin/sh
# All checks that need no running part. Every one runs, so that one round shows everything; exit 1 if any failed.
# mypy takes as long as all the others together: it goes beside them.
set -u
said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT
trap 'kill $slow 2>/dev/null; exit 130' INT TERM
bin=.venv/bin
sources="portal jobs config.py tests scripts bench"
failed=""

tell() {
    if [ "$2" -eq 0 ]; then
        echo "ok    $1"
    else
        cat "$said/$1"
        echo "FAIL  $1"
        failed="$failed $1"
    fi
}

check() {
    name=$1
    shift
    "$@" >"$said/$name" 2>&1
    tell "$name" $?
}

$bin/mypy --no-error-summary >"$said/mypy" 2>&1 &
slow=$!
# shellcheck disable=SC2086
check ruff $bin/ruff check --quiet $sources
# shellcheck disable=SC2086
check format $bin/ruff format --check --quiet $sources
check floors env PYTHONPATH=. $bin/lint-imports
check templates $bin/djlint --lint --quiet portal/templates
check translations $bin/python scripts/translations.py check
check diagram $bin/python scripts/flow.py check
wait $slow
tell mypy $?

if [ -n "$failed" ]; then
    echo "checks failed:$failed" >&2
    exit 1
fi
