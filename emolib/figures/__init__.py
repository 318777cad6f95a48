"""Figures: frames and arrays go in, matplotlib figures come out.

Nothing is shown or saved here. Each figure carries `alt_text`, a sentence made from its
data. Which module holds which:

- `scores`: `plot_scores`, the one figure for all scores
- `signals`: windows with their patches, patch shuffle
- `maps`: the scalp, similarities of windows (paper 2, Fig. 2), t-SNE coordinates
- `blocks`: a model as boxes and arrows
- `noise`: paper 3's levels of noise, its examples, its Fig. 3
- `history`: losses over epochs
- `style`: the look, which seaborn calls of notebooks share
"""
