// Key Vault with the one secret there is: Qdrant's key. The app reads it by reference.
param location string
param tags object
param token string
@secure()
param qdrantApiKey string
param identityPrincipalId string

var secretName = 'qdrant-api-key'

module vault 'br/public:avm/res/key-vault/vault:0.13.0' = {
  name: 'vault'
  params: {
    name: 'kv-${token}'
    location: location
    tags: tags
    sku: 'standard'
    enableRbacAuthorization: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: 7
    secrets: [{ name: secretName, value: qdrantApiKey }]
    roleAssignments: [
      {
        principalId: identityPrincipalId
        principalType: 'ServicePrincipal'
        roleDefinitionIdOrName: 'Key Vault Secrets User'
      }
    ]
  }
}

output vaultName string = vault.outputs.name
// without a version: a new one is taken within a day of its rotation, or at the next restart
output qdrantApiKeyReference string = '@Microsoft.KeyVault(SecretUri=${vault.outputs.uri}secrets/${secretName})'
