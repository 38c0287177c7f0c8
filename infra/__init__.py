"""Deploys the app to Azure: Bicep, the package, azd's hooks. It is not deployed itself.

Begin with ``main.bicep`` for the resources, with ``package`` for the zip.
"""
