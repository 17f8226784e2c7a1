"""``python -m governflow`` is ``governflow``."""

from governflow.cli import main

if __name__ == "__main__":
    main()
