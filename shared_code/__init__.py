"""The product. It would still make sense if Azure Functions disappeared."""
