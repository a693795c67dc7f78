#!/bin/sh
# Prepares ./configure. More verbs (all, check, demo) are described in README.md.
set -e
cd "$(dirname "$0")"
autoreconf --install --force
