#!/bin/sh
# Pins every requirement, with hashes, for all platforms and Python 3.11+. No address of an index is written.
set -eu
for name in requirements requirements-build requirements-dev requirements-bench; do
    .venv/bin/python -m uv pip compile --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-header --quiet --upgrade -o "$name.txt" "$name.in"
done
PATH="$PWD/.venv/bin:$PATH"
cd frontend
npm install --ignore-scripts --package-lock-only --silent
