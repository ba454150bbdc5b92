"""Recurrent networks and those of signals: forward, backward, packed, cell by cell, dilated, in frequencies."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tests.sound.family import Sound, floats, tokens


class Tagger(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.emb = nn.Embedding(50, 8)
        self.lstm = nn.LSTM(8, 12, 2, batch_first=True, bidirectional=True, dropout=0.1)
        self.head = nn.Linear(24, 5)

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(self.lstm(self.emb(ids))[0])


class Packed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru, self.head = nn.GRU(6, 8, batch_first=True), nn.Linear(8, 2)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        out, _ = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        return self.head(out)


class CellByCell(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell, self.head = nn.LSTMCell(4, 8), nn.Linear(8, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = c = torch.zeros(len(x), 8)
        for step in x.unbind(1):
            h, c = self.cell(step, (h, c))
        return self.head(h)


class Listener(nn.Module):
    """An encoder and a decoder that looks back with additive attention."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.cell = nn.GRU(6, 8, batch_first=True), nn.GRUCell(8, 8)
        self.query, self.key, self.score = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 1)
        self.head = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        keys, last = self.encoder(x)
        h, outputs = last[0], []
        for _ in range(4):
            weights = self.score(torch.tanh(self.query(h)[:, None] + self.key(keys))).softmax(1)
            h = self.cell((weights * keys).sum(1), h)
            outputs.append(self.head(h))
        return torch.stack(outputs, 1)


class Wave(nn.Module):
    """Dilated causal convolutions with gates and skips."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(1, 8, 1)
        self.dilated = nn.ModuleList(nn.Conv1d(8, 16, 2, dilation=2**i) for i in range(4))
        self.skips = nn.ModuleList(nn.Conv1d(8, 8, 1) for _ in range(4))
        self.head = nn.Sequential(nn.ReLU(), nn.Conv1d(8, 8, 1), nn.ReLU(), nn.Conv1d(8, 4, 1))

    def forward(self, x: Tensor) -> Tensor:
        x, total = self.first(x), torch.zeros(())
        for index, (dilated, skip) in enumerate(zip(self.dilated, self.skips, strict=True)):
            signal, gate = dilated(F.pad(x, (2**index, 0))).chunk(2, 1)
            h = torch.tanh(signal) * torch.sigmoid(gate)
            x = x + h
            total = total + skip(h)
        return self.head(total)


class Temporal(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layer = nn.utils.parametrizations.weight_norm
        self.net = nn.Sequential(
            layer(nn.Conv1d(3, 8, 3, padding=1)),
            nn.ReLU(),
            nn.Dropout(0.1),
            layer(nn.Conv1d(8, 8, 3, padding=1)),
            nn.ReLU(),
        )
        self.head = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.net(x).mean(-1))


class Spectral(nn.Module):
    """Mixes by a Fourier transform, as FNet and Fourier neural operators do."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 8, dtype=torch.cfloat) / 8)
        self.inner, self.head = nn.Linear(8, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        parts = torch.fft.rfft(self.inner(x), dim=1)
        low = parts[:, :4] * self.weight
        back = torch.fft.irfft(F.pad(low, (0, 0, 0, parts.shape[1] - 4)), n=x.shape[1], dim=1)
        return self.head(F.gelu(back + x))


class Speech(nn.Module):
    """Its loss, as in speech recognition, knows no place of the letters."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.rnn = nn.Conv1d(8, 12, 3, padding=1), nn.RNN(12, 12, batch_first=True, nonlinearity="tanh")
        self.head = nn.Linear(12, 6)

    def forward(self, x: Tensor, letters: Tensor) -> dict[str, Tensor]:
        logits = self.head(self.rnn(F.gelu(self.conv(x)).transpose(1, 2))[0]).log_softmax(-1)
        sizes = (torch.full((len(x),), logits.shape[1]), torch.full((len(x),), letters.shape[1]))
        return {"loss": F.ctc_loss(logits.transpose(0, 1), letters, *sizes), "logits": logits}


SOUND = (
    Sound("tagger", Tagger, lambda: (tokens(4, 7),)),
    Sound("packed", Packed, lambda: (floats(3, 6, 6), torch.tensor([6, 4, 2]))),
    Sound("cell by cell", CellByCell, lambda: (floats(4, 6, 4),)),
    Sound("listener", Listener, lambda: (floats(4, 6, 6),)),
    Sound("wave", Wave, lambda: (floats(2, 1, 24),)),
    Sound("temporal", Temporal, lambda: (floats(4, 3, 12),)),
    Sound("spectral", Spectral, lambda: (floats(4, 12, 8),)),
    Sound("speech", Speech, lambda: (floats(3, 8, 20), tokens(3, 4, below=6))),
)
