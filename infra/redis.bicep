// A small managed Redis that caches embeddings of queries. Nothing else is in it, and it may be lost.
param location string
param tags object
param token string
param vaultName string

resource cache 'Microsoft.Cache/redisEnterprise@2025-07-01' = {
  name: 'redis-${token}'
  location: location
  tags: tags
  sku: { name: 'Balanced_B0' }
  properties: {
    minimumTlsVersion: '1.2'
    // the cache may be lost, so a replica would only double its price
    highAvailability: 'Disabled'
    // required from this version of the API on; whoever calls needs the key, over TLS
    publicNetworkAccess: 'Enabled'
  }
}

resource database 'Microsoft.Cache/redisEnterprise/databases@2025-07-01' = {
  parent: cache
  name: 'default'
  properties: {
    clientProtocol: 'Encrypted'
    clusteringPolicy: 'NoCluster'
    evictionPolicy: 'AllKeysLRU'
    port: 10000
    // the app authenticates by a URL: its key goes from here into the vault, and nowhere else
    accessKeysAuthentication: 'Enabled'
  }
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

resource url 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = {
  parent: vault
  name: 'redis-url'
  // checkov:skip=CKV_AZURE_41:the key in it is the cache's own, and ends with the cache
  properties: {
    contentType: 'text/plain'
    value: 'rediss://:${uriComponent(database.listKeys().primaryKey)}@${cache.properties.hostName}:10000'
  }
}

output urlReference string = '@Microsoft.KeyVault(SecretUri=${url.properties.secretUri})'
