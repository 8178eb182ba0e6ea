"""The stand-in upstream: answers every valid code without a key, and says that it is sample data."""
