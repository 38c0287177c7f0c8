// Somebody is told by mail: answers that failed, pictures that were given up, and a silent app.
param location string
param tags object
param token string
param email string
param appName string
param insightsName string

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${token}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'catalogue'
    enabled: true
    emailReceivers: [{ name: 'mail', emailAddress: email, useCommonAlertSchema: true }]
  }
}

var rules = [
  {
    name: 'failed-answers'
    description: 'More than five answers in a quarter of an hour were 5xx: see docs/operations.md.'
    query: 'requests | where resultCode startswith "5"'
    threshold: 5
  }
  {
    name: 'failed-functions'
    description: 'Functions failed, pictures or jobs among them; the host tries again by itself.'
    query: 'exceptions | where cloud_RoleName =~ "${appName}"'
    threshold: 20
  }
  {
    name: 'poison-messages'
    description: 'A picture was given up after five tries: GET index-failures tells which.'
    query: 'requests | where operation_Name == "blob_given_up"'
    threshold: 0
  }
]

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for rule in rules: {
  name: '${rule.name}-${token}'
  location: location
  tags: tags
  properties: {
    displayName: rule.name
    description: rule.description
    severity: 2
    enabled: true
    scopes: [insights.id]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT15M'
    criteria: {
      allOf: [
        {
          query: rule.query
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: rule.threshold
        }
      ]
    }
    actions: { actionGroups: [people.id] }
  }
}]
