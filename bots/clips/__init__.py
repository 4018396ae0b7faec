"""Short clips of synthetic voices for the demo and the tests: two casts, each a brand host, two speakers and a troublemaker."""
