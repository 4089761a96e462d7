"""`python -m cnncalc` is the command `cnncalc`."""

import sys

from cnncalc.cli.main import main

sys.exit(main())
