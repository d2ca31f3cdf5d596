"""``python -m tapnb``: the command without its script."""

from tapnb.cli import main

if __name__ == "__main__":  # not in the processes that it starts
    main()
