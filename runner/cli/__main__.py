"""``python -m transload.runner.cli``: the command line where its script is not on the path."""

from transload.runner.cli.main import main

main()
