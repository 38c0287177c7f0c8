// Whatever may be switched on. For the compiler to evaluate (infra/check.sh), not to deploy.
using '../main.bicep'

param environmentName = 'example'
param location = 'westeurope'
param qdrantUrl = 'https://example.cloud.qdrant.io:6333'
param qdrantApiKey = 'in-vault' // pragma: allowlist secret
param principalId = '00000000-0000-0000-0000-000000000001'
param purgeProtection = true
param vnetEnabled = true
param natGatewayEnabled = true
param redisEnabled = true
param publicSearch = true
param alwaysReadyHttp = 1
param alwaysReadyEvents = 1
param alwaysReadyDurable = 1
param alertEmail = 'shop@example.com'
param monthlyBudget = 50
param budgetStart = '2026-11-01'
