"""From recordings to windows: cutting, filtering, scaling, labels and features.

Import from the file that says what you need, for example
``from emolib.preprocessing.windowing import cut_windows``. Nothing here imports torch.
"""
