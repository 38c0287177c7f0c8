# After `azd deploy`: proves that the app works (infra/hooks/postdeploy.py).
$ErrorActionPreference = 'Stop'
python infra/hooks/postdeploy.py
exit $LASTEXITCODE
