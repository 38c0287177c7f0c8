#!/bin/sh
# Compiles the Bicep, lints it, compares its layout with the formatter's, and evaluates three deployments of it.
# Wants the Bicep CLI on the path; it fetches the registry's modules, and needs no subscription.
set -eu
cd "$(dirname "$0")"
failed=0

bicep build main.bicep --stdout > /dev/null

for file in *.bicep; do
  # a warning does not make the linter fail
  messages=$(bicep lint "$file" 2>&1) || failed=1
  if [ -n "$messages" ]; then
    echo "$messages"
    failed=1
  fi
  bicep format "$file" --stdout | diff -u "$file" - || failed=1
done

for file in deployments/*.bicepparam; do
  bicep snapshot "$file" --mode overwrite --location westeurope \
    --subscription-id 00000000-0000-0000-0000-000000000002 --tenant-id 00000000-0000-0000-0000-000000000003 || failed=1
done

[ "$failed" = 0 ] && echo "The Bicep compiles, is clean, and three deployments of it can be evaluated."
exit "$failed"
