"""`python -m c2c.cli`, which `./c2c` runs."""

import sys

from c2c.cli import main

sys.exit(main())
