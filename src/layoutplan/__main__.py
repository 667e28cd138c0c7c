"""``python -m layoutplan`` is the command line."""

from layoutplan.cli import main

if __name__ == "__main__":
    main()
