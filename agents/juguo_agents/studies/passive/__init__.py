"""How an open system fails whose participants gain nothing, and which money prevents it."""
