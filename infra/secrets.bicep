// Key Vault with the only secret: Qdrant's key. The app reads it by reference.
param location string
param tags object
param token string
@secure()
@description('Written into the vault unless it is empty or in-vault, which keep the key that is already there.')
param qdrantApiKey string
@description('Nobody can purge the deleted vault for seven days. It can never be switched off again.')
param purgeProtection bool
param identityPrincipalId string

var secretName = 'qdrant-api-key'
// otherwise each provision would overwrite a key that was rotated in the vault with the old one
var hasNewKey = !contains(['', 'in-vault'], qdrantApiKey)

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
    secrets: hasNewKey ? [{ name: secretName, value: qdrantApiKey }] : []
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
// without a version: the app takes a new one within a day of its rotation, or at the next restart
output qdrantApiKeyReference string = '@Microsoft.KeyVault(SecretUri=${vault.outputs.uri}secrets/${secretName})'
