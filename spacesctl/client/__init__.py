"""HTTP and lanes for programs: the command line, the bots, and yours."""
