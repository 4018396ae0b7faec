"""Whatever comes on the wire: no parser lets anything fall out but its own error, and none takes memory without bound."""
