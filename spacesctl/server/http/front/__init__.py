"""What stands in front of the application: limits on connections, on the heads and bodies of requests, and on their time."""
