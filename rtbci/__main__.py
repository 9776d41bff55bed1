"""``python -m rtbci`` is the command ``rtbci``."""

from rtbci.cli import main

if __name__ == "__main__":
    main()
