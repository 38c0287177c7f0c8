#!/bin/sh
# After `azd deploy`: proves that the app works (infra/hooks/postdeploy.py).
set -eu
exec python3 -m infra.hooks.postdeploy
