"""What ``make`` runs for a person: index, reconcile and tour speak to the app over HTTP,
check_qdrant to Qdrant. They work on the app on this machine and on a deployed one, and know nothing
of the development host. Nothing in here is deployed.
"""
