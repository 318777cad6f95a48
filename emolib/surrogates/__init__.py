"""Writers of small corpora in the licensed corpora's own file formats.

Every corpus is driven by one latent affect (`affect`), turned into signals
(`cortical`, `ocular`, `cardiac`, `electrodermal`), written by one module a corpus
(`dreamer`, `amigos`) and understood by ideal observers (`ceiling`). The planted
effects stand as data in `sizes`. Corpora of utterances (`iemocap`, `mosei`) have their
own, in `utterance_sizes` and the modules named alike.
"""
