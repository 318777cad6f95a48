"""Networks that make a vector of one face: pre-trained on other faces, then frozen.

Paper 4, Section 3.1 names a ResNet-50 (He et al. 2016), trained on MS-Celeb-1M and then
FER+. The pipeline that it follows uses the 50-layer "IR" network of ArcFace. Neither is
ever trained from scratch here; both take the names of common checkpoints. The small one
has four convolutions and learns from drawn faces.

``frames (b, 3, h, w) in -1 to 1 -> features (b, d_out)``
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from emolib.checks import check_option, check_shape


class SmallBackbone(nn.Module):
    """Four convolutions that halve the picture, and the mean over what is left."""

    d_out, size, is_small = 512, 48, True

    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(n_in, n, 3, 2, padding=1, bias=False),
                    nn.BatchNorm2d(n),
                    nn.ReLU(),
                )  # fmt: skip
                for n_in, n in pairwise((3, 32, 64, 128, self.d_out))
            )
        )

    def forward(self, frames: Tensor) -> Tensor:
        """Return the features of frames, (b, 3, 48, 48) -> (b, 512)."""
        check_shape("frames", frames, "b c h w", _FRAMES, c=3)
        return self.blocks(frames).mean(dim=(2, 3))


class ResNet50(nn.Module):
    """He et al. 2016; parameters are named as torchvision's, without its ``fc``."""

    d_out, size, is_small = 2048, 48, False

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        n_in, stages = 64, ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))
        for i, (n, n_units, stride) in enumerate(stages, start=1):
            units = [_Bottleneck(n_in, n, stride)]
            units += [_Bottleneck(4 * n, n, 1) for _ in range(n_units - 1)]
            self.add_module(f"layer{i}", nn.Sequential(*units))
            n_in = 4 * n

    def forward(self, frames: Tensor) -> Tensor:
        """Return the features of frames, (b, 3, h, w) -> (b, 2048)."""
        check_shape("frames", frames, "b c h w", _FRAMES, c=3)
        x = F.max_pool2d(self.bn1(self.conv1(frames)).relu(), 3, 2, padding=1)
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
        return x.mean(dim=(2, 3))


class _Bottleneck(nn.Module):
    """A unit of ResNet-50: 1x1, 3x3 (which strides), 1x1, beside a shortcut."""

    def __init__(self, n_in: int, n: int, stride: int):
        super().__init__()
        kinds = ((n_in, n, 1, 1), (n, n, 3, stride), (n, 4 * n, 1, 1))
        for i, (a, b, kernel, step) in enumerate(kinds, start=1):
            conv = nn.Conv2d(a, b, kernel, step, padding=kernel // 2, bias=False)
            self.add_module(f"conv{i}", conv)
            self.add_module(f"bn{i}", nn.BatchNorm2d(b))
        if n_in != 4 * n:
            self.downsample = _resized(n_in, 4 * n, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Return the next maps."""
        kept = self.downsample(x) if hasattr(self, "downsample") else x
        x = self.bn1(self.conv1(x)).relu()
        x = self.bn2(self.conv2(x)).relu()
        return (self.bn3(self.conv3(x)) + kept).relu()


class IR50(nn.Module):
    """Deng et al. 2019 (ArcFace), as the public code of the paper's [32] builds it.

    Parameters are named as in common checkpoints: ``input_layer``, ``body``,
    ``output_layer``. Features have length 1.
    """

    d_out, size, is_small = 512, 40, False

    def __init__(self):
        super().__init__()
        self.input_layer = nn.Sequential(
            nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.PReLU(64)
        )
        units, n_in = [], 64
        for n, n_units, stride in ((64, 3, 1), (128, 4, 2), (256, 14, 2), (512, 3, 2)):
            units += [_IRUnit(n_in, n, stride)]
            units += [_IRUnit(n, n, 1) for _ in range(n_units - 1)]
            n_in = n
        self.body = nn.Sequential(*units)
        self.output_layer = nn.Sequential(
            nn.BatchNorm2d(512), nn.Dropout(0.4), nn.Flatten(),
            nn.Linear(512 * 5 * 5, 512), nn.BatchNorm1d(512),
        )  # fmt: skip

    def forward(self, frames: Tensor) -> Tensor:
        """Return the features of frames, (b, 3, 40, 40) -> (b, 512)."""
        check_shape("frames", frames, "b c h w", _FRAMES, c=3, h=40, w=40)
        return F.normalize(self.output_layer(self.body(self.input_layer(frames))))


class _IRUnit(nn.Module):
    """Norm, 3x3, PReLU, 3x3 (which strides), norm, beside a shortcut."""

    def __init__(self, n_in: int, n: int, stride: int):
        super().__init__()
        self.shortcut_layer = nn.Identity()
        if n_in != n:
            self.shortcut_layer = _resized(n_in, n, stride)
        self.res_layer = nn.Sequential(
            nn.BatchNorm2d(n_in), nn.Conv2d(n_in, n, 3, padding=1, bias=False),
            nn.PReLU(n), nn.Conv2d(n, n, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(n),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """Return the next maps."""
        return self.res_layer(x) + self.shortcut_layer(x)


def _resized(n_in: int, n: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(n_in, n, 1, stride, bias=False), nn.BatchNorm2d(n))


_FRAMES = "Give faces in -1 to 1, cut to the network's size."
BACKBONES = {"small": SmallBackbone, "resnet50": ResNet50, "ir50": IR50}


def build_backbone(name: str) -> nn.Module:
    """Return an untrained backbone, ``size`` pixels in and ``d_out`` features out.

    Paper 4, Section 3.1.

    Parameters
    ----------
    name : {'small', 'resnet50', 'ir50'}
        The latter two are to be given a checkpoint
        (`emolib.training.checkpoints.load_checkpoint`).
    """
    check_option("backbone", name, tuple(BACKBONES))
    return BACKBONES[name]()
