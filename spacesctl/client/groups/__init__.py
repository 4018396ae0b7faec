"""The methods of the clients, by what they are about."""
