"""One training step of every model of paper 3 against plain writings of them.

The plain writings are those of the public codes, and nothing in them is ours: padded
sequences, LSTMs over all of them, TextCNN as two-dimensional convolutions, cascades of
autoencoders block by block, a Transformer over sequences of one token, attention
weighed at every decoder step. They have as many weights as ours; MCTN's have more, by
those that give all steps the same.
"""

import time

import pytest
import torch
from torch import nn

from emolib.models.baselines.if_mmin import IFMMIN
from emolib.models.baselines.mctn import MCTN
from emolib.models.baselines.men import MEN
from emolib.models.baselines.mmin import MMIN
from emolib.models.baselines.unimodal import UniModal
from emolib.models.nmer import NMER
from emolib.training.devices import one_thread

WIDTHS = {"audio": 130, "visual": 342, "text": 1024}
SPREAD = 0.5  # of the logarithm of lengths
LIMIT = 1.0
N_STEPS = 3  # timed of each writing; the shortest counts


def utterances(n, medians, seed=0):
    """Return padded noise whose lengths are spread about their medians."""
    generator = torch.Generator().manual_seed(seed)
    x, lengths = {}, {}
    for name, median in medians.items():
        factor = torch.exp(SPREAD * torch.randn(n, generator=generator))
        lengths[name] = (median * factor).round().long().clamp(min=1)
        longest = int(lengths[name].max())
        is_real = torch.arange(longest) < lengths[name][:, None]
        noise = torch.randn(n, longest, WIDTHS[name], generator=generator)
        x[name] = noise * is_real[..., None]
    return x, lengths


class PlainEncoder(nn.Module):
    """Encoders over padded sequences, without masks, (b, m, 128)."""

    def __init__(self, names):
        super().__init__()
        self.lstms = nn.ModuleDict(
            {k: nn.LSTM(WIDTHS[k], 128, batch_first=True) for k in names if k != "text"}
        )
        self.text = PlainTextCNN() if "text" in names else None

    def forward(self, x):
        vectors = [lstm(x[name])[0].amax(1) for name, lstm in self.lstms.items()]
        if self.text is not None:
            vectors.append(self.text(x["text"]))
        return torch.stack(vectors, dim=1)


class PlainTextCNN(nn.Module):
    """Convolutions over the whole width, their maxima, dropout, one linear map."""

    def __init__(self):
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(1, 128, (k, WIDTHS["text"])) for k in (3, 4, 5)
        )
        self.dropout, self.out = nn.Dropout(0.5), nn.Linear(384, 128)

    def forward(self, text):
        maps = [c(text[:, None]).relu().squeeze(3) for c in self.convolutions]
        pooled = self.dropout(torch.cat([m.amax(2) for m in maps], dim=1))
        return self.out(pooled).relu()


def plain_classifier(d_in, *d_hidden, dropout):
    """Return linear layers with ReLU and dropout between them."""
    layers = []
    for d in d_hidden:
        layers += [nn.Linear(d_in, d), nn.ReLU(), nn.Dropout(dropout)]
        d_in = d
    return nn.Sequential(*layers, nn.Linear(d_in, 4))


def plain_invariance():
    """Return the linear maps that all modalities share."""
    return nn.Sequential(
        nn.Linear(128, 128), nn.LeakyReLU(), nn.Linear(128, 128), nn.LeakyReLU()
    )


class PlainCascade(nn.Module):
    """Five autoencoders in a row: MMIN's, or IF-MMIN's with a guide."""

    def __init__(self):
        super().__init__()
        self.encoders, self.decoders = nn.ModuleList(), nn.ModuleList()
        for _ in range(5):
            self.encoders.append(
                nn.Sequential(
                    nn.Linear(384, 256), nn.LeakyReLU(),
                    nn.Linear(256, 128), nn.LeakyReLU(), nn.Linear(128, 64),
                )
            )  # fmt: skip
            self.decoders.append(
                nn.Sequential(
                    nn.Linear(64, 128), nn.ReLU(),
                    nn.Linear(128, 256), nn.ReLU(), nn.Linear(256, 384),
                )
            )  # fmt: skip
        self.transition = nn.Sequential(
            nn.Linear(384, 384), nn.ReLU(), nn.Linear(384, 384)
        )

    def forward(self, x, guide=None):
        latents, out = [], torch.zeros_like(x) if guide is None else x
        for encoder, decoder in zip(self.encoders, self.decoders, strict=True):
            x = x + out if guide is None else out + guide
            latents.append(encoder(x))
            out = decoder(latents[-1])
        last = x + out if guide is None else out
        return self.transition(last), torch.cat(latents, dim=1)


class PlainMEN(nn.Module):
    """Encoders and a classifier; of one modality, the uni-modal row of Table 4."""

    def __init__(self, *names):
        super().__init__()
        self.encoder = PlainEncoder(names)
        d_in = 128 * len(names)
        self.classifier = plain_classifier(d_in, 128, 128, dropout=0.3)

    def forward(self, x):
        specific = self.encoder(x).flatten(1)
        return self.classifier(specific), specific


class PlainMMIN(nn.Module):
    """A cascade forward, one back, and a classifier on the forward one's latents."""

    def __init__(self):
        super().__init__()
        self.encoder = PlainEncoder(WIDTHS)
        self.imagine, self.go_back = PlainCascade(), PlainCascade()
        self.classifier = plain_classifier(320, 128, 128, dropout=0.5)

    def forward(self, x):
        specific = self.encoder(x).flatten(1)
        imagined, latents = self.imagine(specific)
        return self.classifier(latents), specific, imagined, self.go_back(imagined)[0]


class PlainIFMMIN(nn.Module):
    """A cascade whose blocks are guided by invariant features."""

    def __init__(self):
        super().__init__()
        self.encoder, self.shared = PlainEncoder(WIDTHS), plain_invariance()
        self.imagine = PlainCascade()
        self.classifier = plain_classifier(320, 128, 128, dropout=0.5)

    def forward(self, x):
        each = self.encoder(x)
        specific, invariant = each.flatten(1), self.shared(each).flatten(1)
        imagined, latents = self.imagine(specific, invariant)
        return self.classifier(latents), specific, invariant, imagined


class PlainNMER(nn.Module):
    """Torch's own Transformer over sequences of one token, and a linear decoder."""

    def __init__(self):
        super().__init__()
        self.encoder, self.shared = PlainEncoder(WIDTHS), plain_invariance()
        layer = nn.TransformerEncoderLayer(768, 16, 128, 0.1, batch_first=True)
        self.transformer = nn.TransformerEncoder(layer, 5)
        self.to_mu, self.to_log_var = nn.Linear(768, 64), nn.Linear(768, 64)
        self.decoder = nn.Sequential(
            nn.Linear(448, 128), nn.LeakyReLU(),
            nn.Linear(128, 256), nn.LeakyReLU(), nn.Linear(256, 384),
        )  # fmt: skip
        self.classifier = plain_classifier(384, 384, 128, dropout=0.5)

    def forward(self, x):
        each = self.encoder(x)
        specific, invariant = each.flatten(1), self.shared(each).flatten(1)
        token = torch.cat([specific, invariant], dim=1)[:, None]  # (b, 1, 768)
        encoded = self.transformer(token)[:, 0]
        mu, log_var = self.to_mu(encoded), self.to_log_var(encoded)
        z = mu + (0.5 * log_var).exp() * torch.randn_like(mu)
        joint = self.decoder(torch.cat([z, invariant], dim=1))
        return self.classifier(joint), specific, invariant, joint, mu, log_var


class PlainWithoutVAE(nn.Module):
    """A classifier on specific and invariant features, "w/o VAE" of Table 2."""

    def __init__(self):
        super().__init__()
        self.encoder, self.shared = PlainEncoder(WIDTHS), plain_invariance()
        self.classifier = plain_classifier(768, 128, 128, dropout=0.5)

    def forward(self, x):
        each = self.encoder(x)
        specific, invariant = each.flatten(1), self.shared(each).flatten(1)
        joint = torch.cat([specific, invariant], dim=1)
        return self.classifier(joint), specific, invariant, joint


class PlainCell(nn.Module):
    """The published attention cell, step by step."""

    def __init__(self, d_out):
        super().__init__()
        self.score, self.out = nn.Linear(64, 1), nn.Linear(32, d_out)
        self.context, self.hidden = nn.Linear(32, 128), nn.Linear(32, 128)

    def forward(self, encoded):
        h = c = encoded.new_zeros(len(encoded), 32)
        steps = []
        for _ in range(encoded.shape[1]):
            repeated = c[:, None].expand_as(encoded)
            energy = self.score(torch.cat([encoded, repeated], dim=2))
            context = (energy.softmax(1) * encoded).sum(1)
            gates = self.context(context) + self.hidden(h)
            i, f, g, o = gates.chunk(4, dim=1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
            steps.append(self.out(h).tanh())
        return torch.stack(steps, dim=1)


class PlainSummed(nn.Module):
    """A two-directional LSTM whose directions are added."""

    def __init__(self, d_in):
        super().__init__()
        self.lstm = nn.LSTM(d_in, 32, batch_first=True, bidirectional=True)

    def forward(self, x):
        both = self.lstm(x)[0]
        return both[..., :32] + both[..., 32:]


class PlainMCTN(nn.Module):
    """MCTN with published cells, from text that is resampled already."""

    def __init__(self):
        super().__init__()
        self.encoder, self.encoder_third = PlainSummed(1024), PlainSummed(32)
        self.decoder, self.third = PlainCell(1024), PlainCell(1024)
        self.lstm = nn.LSTM(32, 32, batch_first=True)
        self.score, self.head = nn.Linear(32, 1), nn.Linear(32, 4)

    def forward(self, text):
        encoded = self.encoder(text)
        translated = self.decoder(encoded)
        returned = self.decoder(self.encoder(translated))
        joint = self.encoder_third(encoded)
        hidden = self.lstm(joint)[0]
        pooled = (self.score(hidden).tanh().softmax(1) * hidden).sum(1)
        return self.head(pooled), translated, returned, self.third(joint)


def seconds_of(model, forward):
    """Return the shortest CPU time of a step of forward, backward and optimiser."""
    optimiser = torch.optim.AdamW(model.parameters(), fused=True)
    times = []
    for _ in range(N_STEPS):
        start = time.process_time()
        optimiser.zero_grad()
        outputs = [part for part in forward() if part is not None]
        sum(part.square().mean() for part in outputs).backward()
        optimiser.step()
        times.append(time.process_time() - start)
    return min(times)


def n_weights(model):
    return sum(weights.numel() for weights in model.parameters())


ROWS = {  # how ours and the plain writing are built; median steps of audio
    "MEN": (lambda: MEN(WIDTHS, 4), lambda: PlainMEN(*WIDTHS), 45),
    "MEN, audio 350": (lambda: MEN(WIDTHS, 4), lambda: PlainMEN(*WIDTHS), 350),
    "MMIN": (lambda: MMIN(WIDTHS, 4), PlainMMIN, 45),
    "IF-MMIN": (lambda: IFMMIN(WIDTHS, 4), PlainIFMMIN, 45),
    "NMER": (lambda: NMER(WIDTHS, 4), PlainNMER, 45),
    "w/o VAE": (lambda: NMER(WIDTHS, 4, use_vae=False), PlainWithoutVAE, 45),
    **{
        f"uni-modal {name}": (
            lambda name=name: UniModal({name: WIDTHS[name]}, 4),
            lambda name=name: PlainMEN(name),
            45,
        )
        for name in WIDTHS
    },
}


@pytest.mark.parametrize("row", ROWS)
def test_a_step_is_no_slower_than_the_plain_writing(row, capsys):
    build, build_plain, audio = ROWS[row]
    torch.manual_seed(0)
    ours, plain = build(), build_plain()
    assert n_weights(ours) == n_weights(plain)
    x, lengths = utterances(128, {"audio": audio, "visual": 50, "text": 22})
    x, lengths = ({name: of[name] for name in ours.widths} for of in (x, lengths))
    with one_thread():
        ours_s = seconds_of(ours, lambda: ours(x, lengths))
        plain_s = seconds_of(plain, lambda: plain(x))
    _report(capsys, row, ours_s, plain_s)


def test_a_step_of_mctn_is_no_slower_than_the_published_cell(capsys):
    x, lengths = utterances(32, {"audio": 45, "visual": 50, "text": 22})
    torch.manual_seed(0)
    ours, plain = MCTN(WIDTHS, 4), PlainMCTN()
    assert n_weights(ours) == n_weights(plain) - 2 * 33  # scores that read cells too
    text = ours.sequences(x, lengths)["text"]
    with one_thread():
        ours_s = seconds_of(ours, lambda: ours(x, lengths))
        plain_s = seconds_of(plain, lambda: plain(text))
    _report(capsys, "MCTN (batches of 32)", ours_s, plain_s)


def _report(capsys, name, ours_s, plain_s):
    ratio = ours_s / plain_s
    with capsys.disabled():
        print(
            f"\n{name}: {1e3 * ours_s:.0f} ms of CPU time a step, {ratio:.2f} of a "
            f"plain writing's (limit {LIMIT:g}, one thread)"
        )
    assert ratio <= LIMIT
