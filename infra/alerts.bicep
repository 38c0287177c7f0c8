// Sends a mail about what nobody would notice in time: failing answers, pictures that were not indexed, and events
// that wait or were lost.
//
// Azure has no metric for the age of a queue's messages: storage counts the messages of all queues together, once a
// day. Two signs show it: the host logs when each message was put into the queue, and Event Grid counts what it
// delivered. If nothing of that was taken for an hour, the app does not run at all.
param location string
param tags object
param token string
param email string
param appName string
param workspaceName string
param topicName string

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' existing = {
  name: workspaceName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
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

resource countEvents 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'events-to-logs'
  scope: topic
  properties: {
    workspaceId: workspace.id
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

var rules = [
  {
    name: 'failed-answers'
    description: 'More than five responses in a quarter of an hour were 5xx: see docs/operations.md.'
    query: [
      'AppRequests'
      'where ResultCode startswith "5"'
    ]
    threshold: 5
    window: 'PT15M'
  }
  {
    name: 'failed-functions'
    description: 'Functions raised exceptions: the table exceptions of Application Insights names them.'
    query: [
      'AppExceptions'
      'where AppRoleName =~ "${appName}"'
    ]
    threshold: 20
    window: 'PT15M'
  }
  {
    name: 'new-failures'
    description: 'Pictures could not be indexed: GET index-failures lists them with the reason.'
    query: [
      'union AppTraces, AppRequests'
      'where OperationName in ("blob_events_given_up", "blob_trigger_given_up") or Message contains "cannot be indexed" or Message contains "Given up after" or Message contains "A fault of this app ended"'
    ]
    threshold: 0
    window: 'PT15M'
  }
  {
    name: 'waiting-events'
    // A postponed look is a message of its own, so its age is that of the pause. After an hour of outage the
    // pauses are 45 minutes or more.
    description: 'Events have waited for about an hour or longer. Health with ?deep=true names what is down.'
    query: [
      'AppTraces'
      'where OperationName == "blob_events" and Message startswith "Trigger Details:"'
      'extend Inserted = todatetime(extract("InsertionTime: ([^,]+)", 1, Message))'
      'where TimeGenerated - Inserted > 44m'
    ]
    threshold: 0
    window: 'PT15M'
  }
  {
    name: 'untouched-events'
    description: 'Event Grid delivered events more than an hour ago, and the app has taken none since: does it start?'
    query: [
      'AzureMetrics'
      'where Resource =~ "${topicName}" and MetricName == "DeliverySuccessCount" and Total > 0'
      'where TimeGenerated < ago(1h)'
      'where toscalar(AppRequests | where OperationName == "blob_events" | count) == 0'
    ]
    threshold: 0
    window: 'PT3H'
  }
  {
    name: 'lost-events'
    description: 'Events could not be put into the queue: they are in the container dead-letters. POST reconcile corrects what they would have changed.'
    query: [
      'AzureMetrics'
      'where Resource =~ "${topicName}" and MetricName in ("DeadLetteredCount", "DroppedEventCount")'
      'where Total > 0'
    ]
    threshold: 0
    window: 'PT15M'
  }
  {
    name: 'logs-capped'
    description: 'The daily cap of logs is reached: Azure drops logs until tomorrow, and the other alerts see nothing. Find out what logs so much.'
    query: [
      '_LogOperation'
      'where Category =~ "Ingestion" and Detail contains "OverQuota"'
    ]
    threshold: 0
    window: 'PT15M'
  }
]

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: '${rule.name}-${token}'
    location: location
    tags: tags
    properties: {
      displayName: rule.name
      description: rule.description
      severity: 2
      enabled: true
      scopes: [workspace.id]
      evaluationFrequency: 'PT15M'
      windowSize: rule.window
      skipQueryValidation: true // the tables are made with their first row
      criteria: {
        allOf: [
          {
            query: join(rule.query, ' | ')
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: rule.threshold
          }
        ]
      }
      actions: { actionGroups: [people.id] }
    }
  }
]
