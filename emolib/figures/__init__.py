"""Figures: frames and arrays go in, matplotlib figures come out.

Nothing is shown or saved here. Each figure carries `alt_text`, a sentence made from its
data. Which module holds which:

- `scores`: `plot_scores`, the one figure for all scores
- `signals`: windows with their patches, patch shuffle, a face that may be shown
- `maps`: the scalp, similarities of windows (paper 2, Fig. 2), t-SNE coordinates,
  levels of noise and where it moves points (paper 3, Fig. 3)
- `blocks`: a model as boxes and arrows
- `history`: losses over epochs
- `style`: the look, which seaborn calls of notebooks share
"""
