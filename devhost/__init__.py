"""A development host: runs the function app on machines without Azure Functions Core Tools.

It has no routes of its own and refuses what the real host and worker refuse, so that what
works here works in Azure. Nothing in here is deployed.
"""
