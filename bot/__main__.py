"""``python -m bot`` is ``nightcrier``."""

from bot.cli import main

if __name__ == "__main__":
    main()
