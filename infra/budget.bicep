// Tells when the month becomes dearer than meant. It stops nothing: Azure's budgets only watch.
param amount int
@description('The first of a month. Azure refuses another one for a budget that exists, and a past one for a new budget.')
param start string
@description('Empty: the owners of the resource group alone.')
param email string

var emails = empty(email) ? [] : [email]

resource budget 'Microsoft.Consumption/budgets@2023-11-01' = {
  name: 'monthly'
  properties: {
    category: 'Cost'
    amount: amount
    timeGrain: 'Monthly'
    timePeriod: { startDate: start }
    // thresholds are per cent of the amount
    notifications: {
      spentMost: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 80
        thresholdType: 'Actual'
        contactRoles: ['Owner']
        contactEmails: emails
      }
      spentAll: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Actual'
        contactRoles: ['Owner']
        contactEmails: emails
      }
      willSpendAll: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Forecasted'
        contactRoles: ['Owner']
        contactEmails: emails
      }
    }
  }
}
