// The function app on Flex Consumption, and every setting that it reads.
param location string
param tags object
param token string
param identityId string
param identityClientId string
param identityPrincipalId string
param insightsName string
param storageAccountName string
param deploymentContainer string
param pythonVersion string
@description('The subnet of the app in the virtual network; empty: none.')
param subnetId string
param corsOrigins array
@description('memoryMB, maximum, httpConcurrency, alwaysReadyHttp, alwaysReadyEvents, alwaysReadyDurable.')
param scale object
@description('The settings that differ between deployments.')
param settings object

var metricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'
var instancesReady = [
  { name: 'http', instanceCount: scale.alwaysReadyHttp }
  { name: 'function:blob_events', instanceCount: scale.alwaysReadyEvents }
  { name: 'durable', instanceCount: scale.alwaysReadyDurable }
]
// Handlers that are not async share one pool of threads. Unless it is set, an instance with one core has five,
// fewer than the requests it lets in, and a request without a thread waits where no time limit of ours sees it.
// So: as many as either kind of instance gets at one time (HTTP has instances of its own), and four more,
// which answer health checks and quick reads while the others wait. Activities, two at a time, fit as well.
// More threads do not mean more pictures in memory: decoding and encoding have a gate of their own in the app.
var queues = loadJsonContent('../host.json').extensions.queues
var spareThreads = 4
var threads = max(scale.httpConcurrency, queues.batchSize + queues.newBatchThreshold) + spareThreads
// the same in every deployment, but set explicitly, so that the portal shows what can be changed
var constants = {
  QDRANT_COLLECTION: 'products'
  QDRANT_DISTANCE: 'cosine'
  QDRANT_QUANTIZATION: 'auto'
  QDRANT_TIMEOUT_S: '5'
  IMAGES_CONTAINER: 'images'
  FAILURES_CONTAINER: 'index-failures'
  THUMBNAILS_CONTAINER: 'thumbnails'
  STATE_CONTAINER: 'state'
  FEEDS_CONTAINER: 'feeds'
  USERS_TABLE: 'users'
  BULK_CHUNK: '64'
  BULK_SEGMENTS: '8'
  BLOB_TRIGGER_SOURCE: 'Queue' // events.bicep fills it
  EVENT_PATIENCE_H: '24'
  MAX_UPLOAD_MB: '20'
  MAX_IMAGE_PIXELS: '50000000'
  ORT_THREADS: '0'
  ORT_PROVIDERS: 'CPUExecutionProvider'
  ENCODE_QUEUE: '64'
  MODEL_WAIT_S: '5'
  CACHE_MB: '16'
  OPENTELEMETRY: 'true'
  LOG_FORMAT: 'json'
}
var ofTheHost = {
  AzureWebJobsStorage__blobServiceUri: account.properties.primaryEndpoints.blob
  AzureWebJobsStorage__queueServiceUri: account.properties.primaryEndpoints.queue
  AzureWebJobsStorage__tableServiceUri: account.properties.primaryEndpoints.table
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  // far enough above MAX_UPLOAD_MB that callers see the app's 413: the host's own answer is a bare 500
  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '32000000'
  // GET / would be Azure's public welcome page
  AzureWebJobsDisableHomepage: 'true'
  PYTHON_THREADPOOL_THREAD_COUNT: string(threads)
}

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageAccountName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource mayPublish 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, identityPrincipalId, metricsPublisher)
  scope: insights
  properties: {
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', metricsPublisher)
  }
}

module plan 'br/public:avm/res/web/serverfarm:0.1.1' = {
  name: 'plan'
  params: {
    name: 'plan-${token}'
    location: location
    tags: tags
    reserved: true
    sku: { name: 'FC1', tier: 'FlexConsumption' }
  }
}

// the scanner's parser takes one comment before a property, no more
resource site 'Microsoft.Web/sites@2024-04-01' = {
  name: 'func-${token}'
  // checkov:skip=CKV_AZURE_78:Flex Consumption has no FTP, and its credentials are switched off below
  location: location
  // checkov:skip=CKV_AZURE_222:shops call it from the internet; every function that matters needs a key
  tags: union(tags, { 'azd-service-name': 'search' })
  // checkov:skip=CKV_AZURE_17:callers have keys, not certificates
  kind: 'functionapp,linux'
  // checkov:skip=CKV_AZURE_212:it scales to zero; alwaysReadyHttp keeps instances
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  // checkov:skip=CKV_AZURE_213:Flex Consumption has no health check path
  properties: {
    serverFarmId: plan.outputs.resourceId
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      http20Enabled: true
      cors: { allowedOrigins: corsOrigins }
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${account.properties.primaryEndpoints.blob}${deploymentContainer}'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      runtime: { name: 'python', version: pythonVersion }
      scaleAndConcurrency: {
        instanceMemoryMB: scale.memoryMB
        maximumInstanceCount: scale.maximum
        alwaysReady: filter(instancesReady, group => group.instanceCount > 0)
        triggers: { http: { perInstanceConcurrency: scale.httpConcurrency } }
      }
    }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: union(constants, settings, ofTheHost)
  }

  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

output name string = site.name
output uri string = 'https://${site.properties.defaultHostName}'
