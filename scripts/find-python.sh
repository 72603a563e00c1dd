#!/bin/sh
# Prints the first Python 3.11 or newer that really starts (a name on the path may be an empty shim).
for name in ${PORTAL_PYTHON:-} python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        echo "$name"
        exit 0
    fi
done
echo "Grid Portal needs Python 3.11 or newer. On Debian 12 or newer: apt-get install python3" >&2
exit 1
