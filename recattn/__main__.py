"""Everything from a shell: ``python -m recattn COMMAND``."""

import sys

from recattn.cli import main

if __name__ == "__main__":
    sys.exit(main())
