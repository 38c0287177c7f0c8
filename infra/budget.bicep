// Sends mail before a month costs more than planned. It stops nothing: Azure's budgets only warn.
param amount int
@description('First day of a month. Azure accepts no other start for a budget that exists, and no past month for a new one.')
param start string
@description('Who gets the mail besides the owners of the resource group; empty: nobody.')
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
