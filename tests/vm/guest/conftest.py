"""Outside the virtual machine there is nothing to test here: `make vm` runs these."""

import os

collect_ignore_glob = [] if os.environ.get("ETHOPROFILER_VM") == "1" else ["test_*.py"]
