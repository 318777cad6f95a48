"""Four papers on emotion recognition, read along with runnable code.

The package is a set of rooms: `datasets` reads corpora, `preprocessing` cuts
windows, `splits` says who is tested, `models` and `losses` hold the papers'
equations, `training` fits, `metrics` scores, `recipes` joins them, one folder a
paper. Start with ``notebooks/start_here.ipynb``.
"""

from emolib.digests import watch_imports

__version__ = "0.1.0"

watch_imports()  # a result is kept under the code that was imported, not edited since


def __getattr__(name: str):
    """Import `load` on first use, so that ``import emolib`` stays quick."""
    if name == "load":
        from emolib.units import load

        return load
    raise AttributeError(f"module 'emolib' has no attribute {name!r}")
