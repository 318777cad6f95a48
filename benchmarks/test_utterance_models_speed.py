"""One training step of every model of paper 3 against plain writings of them.

The plain writings are those of the public codes: padded sequences, LSTMs over all of
them, TextCNN as two-dimensional convolutions, attention weighed at every decoder step.
"""

import time

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from emolib.models.baselines.if_mmin import IFMMIN
from emolib.models.baselines.mctn import MCTN
from emolib.models.baselines.men import MEN
from emolib.models.baselines.mmin import MMIN
from emolib.models.nmer import NMER
from emolib.training.devices import one_thread

WIDTHS = {"audio": 130, "visual": 342, "text": 1024}
SPREAD = 0.5  # of the logarithm of lengths
LIMIT = 1.0


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
    """Encoders over padded sequences, without masks."""

    def __init__(self):
        super().__init__()
        self.lstms = nn.ModuleDict(
            {k: nn.LSTM(WIDTHS[k], 128, batch_first=True) for k in ("audio", "visual")}
        )
        self.convolutions = nn.ModuleList(
            nn.Conv2d(1, 128, (k, WIDTHS["text"])) for k in (3, 4, 5)
        )
        self.out = nn.Linear(384, 128)

    def forward(self, x):
        vectors = [lstm(x[name])[0].amax(1) for name, lstm in self.lstms.items()]
        maps = [c(x["text"][:, None]).relu().squeeze(3) for c in self.convolutions]
        pooled = F.dropout(torch.cat([m.amax(2) for m in maps], dim=1), 0.5)
        return torch.stack([*vectors, self.out(pooled).relu()], dim=1)


class Plain(nn.Module):
    """A model whose encoders are plain and whose other parts are ours."""

    def __init__(self, ours):
        super().__init__()
        self.encoder, self.ours = PlainEncoder(), ours
        nested = getattr(ours.encoder, "specific", None)
        self.shared = ours.encoder.shared if nested is not None else None

    def forward(self, x):
        specific = self.encoder(x)
        flat, ours = specific.flatten(1), self.ours
        if self.shared is None:
            if not hasattr(ours, "imagine"):
                return (ours.classifier(flat),)
            imagined, latents = ours.imagine(flat)
            return ours.classifier(latents), ours.go_back(imagined)[0]
        invariant = self.shared(specific).flatten(1)
        if hasattr(ours, "imagine"):
            imagined, latents = ours.imagine(flat, invariant)
            return ours.classifier(latents), imagined
        if hasattr(ours, "vae"):
            joint, mu, log_var = ours.vae(flat, invariant)
            return ours.classifier(joint), mu, log_var
        return (ours.classifier(torch.cat([flat, invariant], dim=1)),)


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


class PlainMCTN(nn.Module):
    """MCTN with published cells; its other parts are ours."""

    def __init__(self, ours):
        super().__init__()
        self.ours = ours
        self.decoder, self.third = PlainCell(1024), PlainCell(1024)

    def forward(self, text):
        ours = self.ours
        encoded = ours.encoder(text)
        translated = self.decoder(encoded)
        returned = self.decoder(ours.encoder(translated))
        joint = ours.encoder_third(encoded)
        return ours.predictor(joint), translated, returned, self.third(joint)


def seconds_of(model, forward, n=3):
    """Return the shortest CPU time of a step of forward, backward and optimiser."""
    optimiser = torch.optim.AdamW(model.parameters(), fused=True)
    times = []
    for _ in range(n):
        start = time.process_time()
        optimiser.zero_grad()
        outputs = [part for part in forward() if part is not None]
        sum(part.square().mean() for part in outputs).backward()
        optimiser.step()
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.parametrize(
    ("kind", "audio"), [(MEN, 45), (MEN, 350), (MMIN, 45), (IFMMIN, 45), (NMER, 45)]
)
def test_a_step_is_no_slower_than_the_plain_writing(kind, audio, capsys):
    x, lengths = utterances(128, {"audio": audio, "visual": 50, "text": 22})
    torch.manual_seed(0)
    ours, plain = kind(WIDTHS, 4), Plain(kind(WIDTHS, 4))
    with one_thread():
        ours_s = seconds_of(ours, lambda: ours(x, lengths))
        plain_s = seconds_of(plain, lambda: plain(x), n=2)
    _report(capsys, f"{kind.__name__}, audio {audio}", ours_s, plain_s)


def test_a_step_of_mctn_is_no_slower_than_the_published_cell(capsys):
    x, lengths = utterances(32, {"audio": 45, "visual": 50, "text": 22})
    torch.manual_seed(0)
    ours, plain = MCTN(WIDTHS, 4), PlainMCTN(MCTN(WIDTHS, 4))
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
