#!/usr/bin/env bash
# Make the lock files anew from pyproject.toml: requirements/lock.sh (needs uv on the PATH).
set -euo pipefail
cd "$(dirname "$0")/.."
lock() {
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
    --no-annotate "$@"
}
lock pyproject.toml requirements/build.in --output-file requirements/run.txt
lock pyproject.toml requirements/build.in --group dev --output-file requirements/dev.txt
lock pyproject.toml requirements/build.in --group docs --constraint requirements/run.txt \
  --output-file requirements/docs.txt
lock pyproject.toml requirements/build.in --group release --constraint requirements/dev.txt \
  --output-file requirements/release.txt
uv lock --quiet
