#!/bin/sh
# The suite: on SQLite, on PostgreSQL, then in the browser (that part needs one engine).
# Arguments go to pytest, for example: sh scripts/pytest.sh -k scope
set -u
failed=0
workers=${PORTAL_TEST_WORKERS:-2}

round() {
    title=$1
    engine=$2
    shift 2
    echo "== $title"
    PORTAL_TEST_ENGINE=$engine .venv/bin/python -m pytest "$@"
    code=$?
    # 5: nothing was selected, which is an error unless a person selected.
    if [ $code -eq 5 ] && [ "$selected" = yes ]; then code=0; fi
    if [ $code -ne 0 ]; then failed=1; fi
}

selected=no
if [ $# -gt 0 ]; then selected=yes; fi
round "SQLite" sqlite -n "$workers" -m "not browser" "$@"
round "PostgreSQL" postgresql -n "$workers" -m "not browser and not one_engine" "$@"
round "browser" sqlite -n "$workers" -m browser "$@"
exit $failed
