"""Writers of small corpora in the licensed corpora's own file formats.

Every corpus is driven by one latent affect (`affect`), turned into signals (`cortical`,
`peripheral`) or feature vectors (`utterances`), written by one module a corpus and
understood by ideal observers (`ceiling`, `utterance_ceiling`). The planted effects
stand as data in `sizes`.
"""
