// Key Vault with the one secret there is: Qdrant's key. The app reads it by reference.
param location string
param tags object
param token string
@secure()
@description('Written into the vault, unless it is empty or in-vault: then the key that lies there stays.')
param qdrantApiKey string
@description('Nobody can purge a deleted vault for seven days. It cannot be switched off again.')
param purgeProtection bool
param identityPrincipalId string

var secretName = 'qdrant-api-key'
// a provision in between would write the old key over one that was rotated in the vault
var keyIsGiven = !contains(['', 'in-vault'], qdrantApiKey)

module vault 'br/public:avm/res/key-vault/vault:0.13.0' = {
  name: 'vault'
  params: {
    name: 'kv-${token}'
    location: location
    tags: tags
    sku: 'standard'
    enableRbacAuthorization: true
    enablePurgeProtection: purgeProtection
    softDeleteRetentionInDays: 7
    secrets: keyIsGiven ? [{ name: secretName, value: qdrantApiKey }] : []
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
