"""Figures: frames and arrays go in, matplotlib figures come out.

Nothing is shown or saved here. Each figure carries `alt_text`, a sentence made from its
data. Which module holds which:

- `signals`: windows with their patches, patch shuffle
- `similarity`, `embeddings`: Fig. 2 of paper 2
- `curves`: readability, history, sweep
- `efficiency`: gain of alignment over the fraction of labels
- `protocols`: one system under three splits
- `noise`, `noise_effects`: paper 3's noise scheduler, its Fig. 3, scores under noise
- `comparison`: paper and ours, ablation rows
- `subjects`, `scalp`: class priors, heart rates, maps of the head
- `style`: the look, and what tests compare (`digest_of`, `structure_of`)
"""
