"""Four papers on emotion recognition, read along with runnable code.

The package is a set of rooms: `datasets` reads corpora, `preprocessing` cuts
windows, `splits` says who is tested, `models` and `losses` hold the papers'
equations, `training` fits, `metrics` scores, `papers` joins them, one folder a
paper. Start with ``notebooks/start_here.ipynb``.
"""

from emolib import code as code  # results are kept under the sources as they are now

if not __debug__:
    raise ImportError(
        "Python must heed assert: notebooks check themselves by it; got -O or "
        "PYTHONOPTIMIZE. Start Python without."
    )

__version__ = "0.1.0"
