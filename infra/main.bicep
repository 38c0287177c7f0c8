// Everything that the app needs on Azure, except Qdrant: `azd up` asks for what has no default.
// Nobody holds a secret: the app signs in with a managed identity, and Qdrant's key is in Key Vault.
targetScope = 'subscription'

@minLength(1)
@maxLength(40)
@description('Names the resource group. Everything else is named by a hash of this name, the subscription and the region.')
param environmentName string

@minLength(1)
// from Microsoft's quickstart (Azure-Samples/functions-quickstart-python-http-azd, infra/main.bicep)
@description('A region with Flex Consumption: az functionapp list-flexconsumption-locations lists the newest.')
@allowed([
  'australiaeast'
  'australiasoutheast'
  'brazilsouth'
  'canadacentral'
  'centralindia'
  'centralus'
  'eastasia'
  'eastus'
  'eastus2'
  'francecentral'
  'germanywestcentral'
  'italynorth'
  'japaneast'
  'koreacentral'
  'northcentralus'
  'northeurope'
  'norwayeast'
  'southafricanorth'
  'southcentralus'
  'southeastasia'
  'southindia'
  'spaincentral'
  'swedencentral'
  'uaenorth'
  'uksouth'
  'ukwest'
  'westcentralus'
  'westeurope'
  'westus'
  'westus2'
  'westus3'
])
@metadata({ azd: { type: 'location' } })
param location string

@description('https://… of the Qdrant cluster, with its port.')
param qdrantUrl string

@secure()
@description('A key of the Qdrant cluster that may read and write; it goes into Key Vault. in-vault keeps the key that is already there.')
param qdrantApiKey string

@description('Copies of each shard in Qdrant, each on a node of its own; 0: the default of the cluster. It counts when a collection is made.')
@minValue(0)
@maxValue(10)
param qdrantReplication int = 0

@description('Shards of the collection in Qdrant, which its nodes share; 0: the default of the cluster. It counts when a collection is made.')
@minValue(0)
@maxValue(256)
param qdrantShards int = 0

@description('Nobody can purge the deleted vault for seven days, nor reuse its name meanwhile. It can never be switched off again: for organisations that require it.')
param purgeProtection bool = false

@description('Path of the model bundle in the package, below models/.')
param modelDir string = 'models/starter'

@description('The bundle to change to by POST reindex; empty: none.')
param nextModelDir string = ''

@description('How many vectors (pictures and products) to lay the collection out for in Qdrant.')
param expectedVectors int = 0

@description('Metadata fields that filters may use, each with its type.')
param filterableFields string = 'category:keyword,colour:keyword,brand:keyword,price:number,in_stock:bool'

@description('Python version of the function app. The wheels in the package are for the same one: azd passes APP_PYTHON_VERSION to both.')
@allowed(['3.11', '3.12', '3.13', '3.14'])
param pythonVersion string = '3.11'

@description('Memory of an instance. 512 MB has a quarter of a core and costs a quarter a second; 2048 MB has a whole core and answers a search in a quarter of the time (docs/costs.md).')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Instances at most in each of the six groups that scale separately: searches, bulk jobs, events, and every other function. Qdrant and your bill get the sum (docs/costs.md).')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 5

@description('HTTP requests that one instance takes at a time. Encoding keeps its one core busy, so more would only wait; with fewer the core is idle while Qdrant answers.')
@minValue(1)
@maxValue(100)
param httpConcurrency int = 8

@description('Instances that always run for searches: 0 scales to zero, 1 spares the first search its cold start.')
@minValue(0)
param alwaysReadyHttp int = 0

@description('Instances that always run for what happens to pictures; 0 delays the first one by a cold start.')
@minValue(0)
param alwaysReadyEvents int = 0

@description('Instances that always run for bulk jobs and reindexing; 1 spares each job a slow start. Microsoft recommends 1 for apps that rely on Durable Functions.')
@minValue(0)
param alwaysReadyDurable int = 0

@description('Web addresses from which a browser may call the API; none: only the dashboard, which the app serves itself.')
param corsOrigins array = []

@description('Allows searching, facets and reading products without a key, for a storefront behind a gateway.')
param publicSearch bool = false

@description('When to compare container and index: NCRONTAB, UTC.')
param reconcileCron string = '0 0 3 * * *'

@description('Feeds may name pictures by URL, which the app then fetches.')
param allowImageUrls bool = false

@description('The app reaches storage through a virtual network only.')
param vnetEnabled bool = false

@description('With the virtual network: a NAT gateway with a fixed outgoing address, which an allow-list of Qdrant can name. It costs by the hour (docs/costs.md).')
param natGatewayEnabled bool = false

@description('A Redis that all instances share for embeddings of queries.')
param redisEnabled bool = false

@description('Gigabytes of logs taken in a day, -1 for no limit. Beyond it Azure drops logs until the next day, and alerts that read them see nothing; ALERT_EMAIL gets a mail.')
@minValue(-1)
param logDailyCapGb int = 1

@description('Who gets a mail when something fails; empty: nobody.')
param alertEmail string = ''

@description('The cost of a month, in the currency of the bill, at which the owners and ALERT_EMAIL get a mail; 0 for no budget.')
@minValue(0)
param monthlyBudget int = 0

@description('First day of the month in which the budget starts; infra/hooks/preprovision.py finds it. Empty: this month.')
param budgetStart string = ''
param thisMonth string = utcNow('yyyy-MM-01')

@description('Whoever deploys may read and write pictures, to check the deployment.')
param principalId string = deployer().objectId

var tags = { 'azd-env-name': environmentName }
var imagesContainer = 'images'
var token = toLower(uniqueString(subscription().id, environmentName, location))

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'br/public:avm/res/managed-identity/user-assigned-identity:0.4.1' = {
  name: 'identity'
  scope: group
  params: {
    name: 'id-${token}'
    location: location
    tags: tags
  }
}

module logs 'br/public:avm/res/operational-insights/workspace:0.11.1' = {
  name: 'logs'
  scope: group
  params: {
    name: 'log-${token}'
    location: location
    tags: tags
    dataRetention: 30
    dailyQuotaGb: logDailyCapGb
  }
}

module insights 'br/public:avm/res/insights/component:0.6.0' = {
  name: 'insights'
  scope: group
  params: {
    name: 'appi-${token}'
    location: location
    tags: tags
    workspaceResourceId: logs.outputs.resourceId
    disableLocalAuth: true
  }
}

module network 'network.bicep' = if (vnetEnabled) {
  name: 'network'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    storageAccountName: storage.outputs.name
    natGateway: natGatewayEnabled
  }
}

module storage 'storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    publicNetwork: !vnetEnabled
    identityPrincipalId: identity.outputs.principalId
    userPrincipalId: principalId
  }
}

module secrets 'secrets.bicep' = {
  name: 'secrets'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    qdrantApiKey: qdrantApiKey
    purgeProtection: purgeProtection
    identityPrincipalId: identity.outputs.principalId
  }
}

module redis 'redis.bicep' = if (redisEnabled) {
  name: 'redis'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    vaultName: secrets.outputs.vaultName
  }
}

module app 'app.bicep' = {
  name: 'app'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    identityId: identity.outputs.resourceId
    identityClientId: identity.outputs.clientId
    identityPrincipalId: identity.outputs.principalId
    insightsName: insights.outputs.name
    storageAccountName: storage.outputs.name
    deploymentContainer: storage.outputs.deploymentContainer
    pythonVersion: pythonVersion
    subnetId: vnetEnabled ? network!.outputs.appSubnetId : ''
    corsOrigins: corsOrigins
    scale: {
      memoryMB: instanceMemoryMB
      maximum: maximumInstanceCount
      httpConcurrency: httpConcurrency
      alwaysReadyHttp: alwaysReadyHttp
      alwaysReadyEvents: alwaysReadyEvents
      alwaysReadyDurable: alwaysReadyDurable
    }
    settings: {
      MODEL_DIR: modelDir
      NEXT_MODEL_DIR: nextModelDir
      QDRANT_URL: qdrantUrl
      QDRANT_API_KEY: secrets.outputs.qdrantApiKeyReference
      QDRANT_REPLICATION: string(qdrantReplication)
      QDRANT_SHARDS: string(qdrantShards)
      EXPECTED_VECTORS: string(expectedVectors)
      FILTERABLE_FIELDS: filterableFields
      RECONCILE_CRON: reconcileCron
      ALLOW_IMAGE_URLS: string(allowImageUrls)
      PUBLIC_SEARCH: string(publicSearch)
      // two at a time hold the weights twice where there are two cores
      ENCODE_CONCURRENCY: instanceMemoryMB < 2048 ? '1' : '2'
      REDIS_URL: redisEnabled ? redis!.outputs.urlReference : ''
    }
  }
}

module events 'events.bicep' = {
  name: 'events'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    storageAccountName: storage.outputs.name
    container: imagesContainer
    queueName: storage.outputs.eventsQueue
    deadLetterContainer: storage.outputs.deadLetterContainer
  }
}

module alerts 'alerts.bicep' = if (!empty(alertEmail)) {
  name: 'alerts'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    email: alertEmail
    appName: app.outputs.name
    workspaceName: logs.outputs.name
    topicName: events.outputs.topicName
  }
}

module budget 'budget.bicep' = if (monthlyBudget > 0) {
  name: 'budget'
  scope: group
  params: {
    amount: monthlyBudget
    start: empty(budgetStart) ? thisMonth : budgetStart
    email: alertEmail
  }
}

output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_FUNCTION_APP_NAME string = app.outputs.name
output AZURE_STORAGE_ACCOUNT_NAME string = storage.outputs.name
output AZURE_IMAGES_CONTAINER string = imagesContainer
output AZURE_SYSTEM_TOPIC_NAME string = events.outputs.topicName
output AZURE_VNET_ENABLED string = vnetEnabled ? 'true' : 'false'
output SERVICE_SEARCH_URI string = app.outputs.uri
