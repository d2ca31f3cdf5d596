"""``python -m tapnb``: the command without its script."""

from tapnb.cli import main

main()
