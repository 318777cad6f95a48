"""The systems of paper 4, a file each, all behind one contract.

``fit(task)`` returns a `Fitted` whose ``answers(part)`` gives the valence of every step
of a part's trials. Nothing of the test part is read but its features.
"""
