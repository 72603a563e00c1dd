#!/bin/sh
# The suite: on SQLite; beside it on PostgreSQL and then in the browser (that part needs one
# engine). A round alone would leave a core idle wherever a test waits and at its end. Each round has
# as many processes as the machine has cores, at least two and at most four.
# Arguments go to pytest, for example: sh scripts/pytest.sh -k scope
set -u
cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
if [ "$cores" -gt 4 ]; then cores=4; elif [ "$cores" -lt 2 ]; then cores=2; fi
workers=${PORTAL_TEST_WORKERS:-$cores}
selected=no
if [ $# -gt 0 ]; then selected=yes; fi
notes=$(mktemp -d)
mkdir "$notes/kept"

# Rounds in the background do not hear Ctrl-C.
stop() {
    trap - INT TERM
    running=$(cat "$notes"/*.pid 2>/dev/null)
    rm -rf "$notes"
    # shellcheck disable=SC2086
    if [ -n "$running" ]; then kill $running 2>/dev/null; fi
    exit 130
}
trap stop INT TERM

# round TITLE ENGINE MARKS WORDS…: every line is shown at once, with the title before it.
round() {
    if [ ! -d "$notes" ]; then return; fi
    title=$1
    engine=$2
    marks=$3
    shift 3
    {
        PORTAL_TEST_ENGINE=$engine PORTAL_TEST_KEPT=$notes/kept .venv/bin/python -m pytest \
            -n "$workers" --dist worksteal -m "$marks" "$@" 2>&1 &
        echo $! >"$notes/$title.pid"
        wait $!
        code=$?
        if [ -d "$notes" ]; then
            rm "$notes/$title.pid"
            echo $code >"$notes/$title"
        fi
    } | while IFS= read -r line; do printf '%-10s | %s\n' "$title" "$line"; done
}

round SQLite sqlite "not browser" "$@" &
{
    round PostgreSQL postgresql "not browser and not one_engine" "$@"
    round browser sqlite browser "$@"
} &
wait

failed=0
for title in SQLite PostgreSQL browser; do
    code=$(cat "$notes/$title" 2>/dev/null || echo "no result")
    # 5: nothing was selected, which is an error unless a person selected.
    if [ "$code" = 5 ] && [ $selected = yes ]; then code=0; fi
    if [ "$code" != 0 ]; then
        echo "$title: failed ($code)" >&2
        failed=1
    fi
done
rm -rf "$notes"
exit $failed
