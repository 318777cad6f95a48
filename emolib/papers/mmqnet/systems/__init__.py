"""The systems of paper 1, a file each, all behind one contract.

``fit(features, present, y, *, task)`` returns a `Fitted` whose ``predict(features,
present)`` gives the probability of class 1. `features` are arrays by modality, NaN
where ``present`` is False; the fold's validation part is the task's.
"""
