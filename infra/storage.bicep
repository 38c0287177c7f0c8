// The storage account: pictures, the app's own state, Durable Functions' hub, the package.
param location string
param tags object
param token string
@description('False: reached through the virtual network only (and by Event Grid, a trusted service).')
param publicNetwork bool
param identityPrincipalId string
param userPrincipalId string

var deploymentName = 'app-package'
var deadLetterName = 'dead-letters'
// what the settings IMAGES_CONTAINER, FAILURES_CONTAINER, … of the app default to
var containerNames = [
  'images'
  'index-failures'
  'thumbnails'
  'state'
  'feeds'
  deploymentName
  deadLetterName
]
// a queue trigger creates no queue, neither its own nor the one for messages that were given up
var eventsQueueName = 'blob-events'
var queueNames = [
  eventsQueueName
  '${eventsQueueName}-poison'
  'webjobs-blobtrigger-poison'
]

var blobOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var blobContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var queueContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
var tableContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'

// the host needs Blob Data Owner for its locks; the app takes events from a queue and puts retries into it;
// Durable Functions needs queues and tables as well
var ofTheApp = [
  for role in [blobOwner, queueContributor, tableContributor]: {
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionIdOrName: role
  }
]
var person = { principalId: userPrincipalId, roleDefinitionIdOrName: blobContributor }
var ofThePerson = empty(userPrincipalId) ? [] : [person]

module account 'br/public:avm/res/storage/storage-account:0.25.0' = {
  name: 'account'
  params: {
    name: 'st${token}'
    location: location
    tags: tags
    skuName: 'Standard_LRS'
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    minimumTlsVersion: 'TLS1_2'
    publicNetworkAccess: publicNetwork ? 'Enabled' : 'Disabled'
    networkAcls: {
      defaultAction: publicNetwork ? 'Allow' : 'Deny'
      bypass: 'AzureServices' // Event Grid must reach the queue of events and the container of dead letters
    }
    blobServices: {
      containers: [for name in containerNames: { name: name }]
      // a picture deleted or replaced by mistake can be restored for a week
      deleteRetentionPolicyEnabled: true
      deleteRetentionPolicyDays: 7
      containerDeleteRetentionPolicyEnabled: true
      containerDeleteRetentionPolicyDays: 7
    }
    queueServices: {
      queues: [for name in queueNames: { name: name }]
    }
    tableServices: {
      tables: [{ name: 'users' }]
    }
    roleAssignments: concat(ofTheApp, ofThePerson)
  }
}

output name string = account.outputs.name
output deploymentContainer string = deploymentName
output deadLetterContainer string = deadLetterName
output eventsQueue string = eventsQueueName
