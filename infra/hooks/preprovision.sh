#!/bin/sh
# Before `azd provision`: checks whether it can succeed (infra/hooks/preprovision.py).
set -eu
exec python3 -m infra.hooks.preprovision
