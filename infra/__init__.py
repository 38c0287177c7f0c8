"""What puts the app on Azure; never deployed itself."""
