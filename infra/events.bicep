// What happens to blobs is told here. The subscriptions to it are made after the first deployment
// (infra/hooks): their address holds a key that the app makes when it has started once.
param location string
param tags object
param token string
param storageAccountName string

var blobContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageAccountName
}

module topic 'br/public:avm/res/event-grid/system-topic:0.6.1' = {
  name: 'topic'
  params: {
    name: 'evgt-${token}'
    location: location
    tags: tags
    source: account.id
    topicType: 'Microsoft.Storage.StorageAccounts'
    managedIdentities: { systemAssigned: true } // to write dead letters without a key
  }
}

resource mayWrite 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, token, blobContributor)
  scope: account
  properties: {
    principalId: topic.outputs.systemAssignedMIPrincipalId!
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobContributor)
  }
}

output topicName string = topic.outputs.name
