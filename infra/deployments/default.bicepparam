// What `azd up` makes of nothing but its two answers. For the compiler to evaluate (infra/check.sh), not to deploy.
using '../main.bicep'

param environmentName = 'example'
param location = 'westeurope'
param qdrantUrl = 'https://example.cloud.qdrant.io:6333'
param qdrantApiKey = 'in-vault' // pragma: allowlist secret
param principalId = '00000000-0000-0000-0000-000000000001'
