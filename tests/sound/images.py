"""Networks that see: convolutional ones, those of patches, those that segment and detect."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.sound.family import Sound, floats


class Residual(nn.Module):
    def __init__(self, ins: int, outs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(ins, outs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outs)
        self.conv2 = nn.Conv2d(outs, outs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outs)
        self.down: nn.Module | None = None
        if stride > 1 or ins != outs:
            self.down = nn.Sequential(nn.Conv2d(ins, outs, 1, stride, bias=False), nn.BatchNorm2d(outs))

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return F.relu(out + (x if self.down is None else self.down(x)), inplace=True)


class ResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True))
        self.layers = nn.Sequential(Residual(8, 8), Residual(8, 16, 2), Residual(16, 16))
        self.head = nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layers(F.max_pool2d(self.stem(x), 3, 2, 1)).mean((2, 3)))


class SqueezeExcite(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(channels, 4, 1), nn.Conv2d(4, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.up(F.silu(self.down(x.mean((2, 3), keepdim=True)))))


class MobileNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()

        def block(ins: int, outs: int) -> nn.Sequential:
            return nn.Sequential(
                nn.Conv2d(ins, 4 * ins, 1, bias=False), nn.BatchNorm2d(4 * ins), nn.Hardswish(),
                nn.Conv2d(4 * ins, 4 * ins, 3, 1, 1, groups=4 * ins, bias=False), nn.BatchNorm2d(4 * ins), nn.ReLU6(),
                SqueezeExcite(4 * ins), nn.Conv2d(4 * ins, outs, 1, bias=False), nn.BatchNorm2d(outs),
            )  # fmt: skip

        self.features = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), block(8, 8), block(8, 12))
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(12, 4))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x).mean((2, 3)))


class DenseNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.layers = nn.ModuleList(
            nn.Sequential(nn.BatchNorm2d(8 + 4 * i), nn.ReLU(), nn.Conv2d(8 + 4 * i, 4, 3, padding=1)) for i in range(4)
        )
        self.head = nn.Linear(24, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for layer in self.layers:
            x = torch.cat([x, layer(x)], 1)
        return self.head(F.adaptive_avg_pool2d(x, 1).flatten(1))


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()

        def double(ins: int, outs: int) -> nn.Sequential:
            return nn.Sequential(
                nn.Conv2d(ins, outs, 3, padding=1), nn.GroupNorm(4, outs), nn.LeakyReLU(0.1),
                nn.Conv2d(outs, outs, 3, padding=1), nn.GroupNorm(4, outs), nn.LeakyReLU(0.1),
            )  # fmt: skip

        self.down = nn.ModuleList([double(1, 8), double(8, 16)])
        self.middle = double(16, 16)
        self.up = nn.ModuleList([nn.ConvTranspose2d(16, 16, 2, 2), nn.ConvTranspose2d(16, 8, 2, 2)])
        self.back = nn.ModuleList([double(32, 16), double(16, 8)])
        self.out = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        kept = []
        for down in self.down:
            x = down(x)
            kept.append(x)
            x = F.max_pool2d(x, 2)
        x = self.middle(x)
        for up, back in zip(self.up, self.back, strict=True):
            x = back(torch.cat([up(x), kept.pop()], 1))
        return self.out(x)


class VisionTransformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 16, 4, 4)
        self.token = nn.Parameter(torch.zeros(1, 1, 16))
        self.position = nn.Parameter(torch.randn(1, 17, 16) * 0.02)
        layer = nn.TransformerEncoderLayer(16, 4, 32, 0.1, "gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, nn.LayerNorm(16), enable_nested_tensor=False)
        self.head = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1) + self.position
        return self.head(self.encoder(x)[:, 0])


class ConvNeXt(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 12, 4, 4)
        self.depth = nn.ModuleList(nn.Conv2d(12, 12, 7, padding=3, groups=12) for _ in range(2))
        self.norms = nn.ModuleList(nn.LayerNorm(12) for _ in range(2))
        self.wide = nn.ModuleList(nn.Sequential(nn.Linear(12, 48), nn.GELU(), nn.Linear(48, 12)) for _ in range(2))
        self.scales = nn.ParameterList(nn.Parameter(1e-6 * torch.ones(12)) for _ in range(2))
        self.head = nn.Linear(12, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for depth, norm, wide, scale in zip(self.depth, self.norms, self.wide, self.scales, strict=True):
            x = x + (scale * wide(norm(depth(x).permute(0, 2, 3, 1)))).permute(0, 3, 1, 2)
        return self.head(x.mean((2, 3)))


class MlpMixer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 12, 4, 4)
        self.tokens = nn.ModuleList(nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16)) for _ in range(2))
        self.channels = nn.ModuleList(nn.Sequential(nn.Linear(12, 32), nn.GELU(), nn.Linear(32, 12)) for _ in range(2))
        self.norms = nn.ModuleList(nn.LayerNorm(12) for _ in range(4))
        self.head = nn.Linear(12, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        for index, (tokens, channels) in enumerate(zip(self.tokens, self.channels, strict=True)):
            x = x + tokens(self.norms[2 * index](x).transpose(1, 2)).transpose(1, 2)
            x = x + channels(self.norms[2 * index + 1](x))
        return self.head(x.mean(1))


class FeaturePyramid(nn.Module):
    """A detector: class scores and boxes on two levels."""

    def __init__(self) -> None:
        super().__init__()
        self.c1 = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU())
        self.c2 = nn.Sequential(nn.Conv2d(8, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.ReLU())
        self.lateral = nn.ModuleList([nn.Conv2d(8, 8, 1), nn.Conv2d(16, 8, 1)])
        self.classes, self.boxes = nn.Conv2d(8, 6, 3, padding=1), nn.Conv2d(8, 4, 3, padding=1)

    def forward(self, x: Tensor) -> dict[str, list[Tensor]]:
        low = self.c1(x)
        high = self.lateral[1](self.c2(low))
        levels = [self.lateral[0](low) + F.interpolate(high, scale_factor=2.0), high]
        return {"scores": [self.classes(each) for each in levels], "boxes": [self.boxes(each).exp() for each in levels]}


class SpatialTransformer(nn.Module):
    """Turns its image first; begins with the identity, as its last layer's weight is zero."""

    def __init__(self) -> None:
        super().__init__()
        self.locate = nn.Sequential(nn.Conv2d(1, 4, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(144, 6))
        nn.init.zeros_(self.locate[4].weight)  # type: ignore[arg-type]
        with torch.no_grad():
            self.locate[4].bias.copy_(torch.tensor([1.0, 0, 0, 0, 1, 0]))  # type: ignore[union-attr, operator]
        self.conv = nn.Conv2d(1, 4, 3)
        self.head = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        grid = F.affine_grid(self.locate(x).view(-1, 2, 3), list(x.shape), align_corners=False)
        return self.head(F.elu(self.conv(F.grid_sample(x, grid, align_corners=False))).mean((2, 3)))


SOUND = (
    Sound("resnet", ResNet, lambda: (floats(4, 3, 32, 32),)),
    Sound("mobilenet", MobileNet, lambda: (floats(4, 3, 32, 32),)),
    Sound("densenet", DenseNet, lambda: (floats(4, 3, 16, 16),)),
    Sound("u-net", UNet, lambda: (floats(2, 1, 16, 16),)),
    Sound("vit", VisionTransformer, lambda: (floats(4, 3, 16, 16),)),
    Sound("convnext", ConvNeXt, lambda: (floats(4, 3, 16, 16),)),
    Sound("mlp-mixer", MlpMixer, lambda: (floats(4, 3, 16, 16),)),
    Sound("feature pyramid", FeaturePyramid, lambda: (floats(2, 3, 16, 16),)),
    Sound("spatial transformer", SpatialTransformer, lambda: (floats(4, 1, 16, 16),)),
)
