#!/bin/sh
# Before `azd provision`: looks whether it can work (infra/hooks/preprovision.py).
set -eu
exec python3 -m infra.hooks.preprovision
