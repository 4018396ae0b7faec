"""`python -m spacesctl`."""

from spacesctl.cli import main

main()
