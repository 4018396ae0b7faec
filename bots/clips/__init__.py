"""Short clips of synthetic voices for the demo and the tests: two casts, each with a brand as host, two speakers and a troublemaker."""
