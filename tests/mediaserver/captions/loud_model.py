"""A streaming transducer of two kilobytes for `sherpa-onnx`, which says a word every half second of loud sound.

It is written as ONNX (onnx.proto, protocol buffers) by hand: encoder, decoder and joiner of an LSTM transducer whose
state stands still. The encoder takes the mean of the features (logarithms of energy) of a chunk, and has a word in its
first frame if that is loud; the other two parts pass it on.
"""

from collections.abc import Sequence
from pathlib import Path
from struct import pack

WORD = "to"
CHUNK_S = 0.48
"""A chunk is 48 feature vectors, of which models make a frame of every four."""
_FEATURES, _CHUNK, _FRAMES = 80, 48, 12
_QUIET = -9.0
"""Mean of the features above which sound is loud: silence has −16, speech about −5."""
_FLOAT, _INT64 = 1, 7


def written(folder: Path) -> Path:
    """Write the model into a folder and return it."""
    states = {"d_model": "1", "rnn_hidden_size": "1", "num_encoder_layers": "1"}
    chunks = {"T": str(_CHUNK), "decode_chunk_len": str(_CHUNK)}
    parts = {
        "encoder": _model(
            [
                _node("ReduceMean", ["x"], ["mean"], _integers("axes", [1, 2])),
                _node("Sub", ["quiet", "mean"], ["blank"]),
                _node("Sub", ["mean", "quiet"], ["word"]),
                _node("Concat", ["blank", "word"], ["first"], _integer("axis", 2)),
                _node("Concat", ["first", "blanks"], ["encoder_out"], _integer("axis", 1)),
                *(_node("Identity", [f"state{n}"], [f"new_state{n}"]) for n in (0, 1)),
            ],
            [_tensor("quiet", [], _QUIET), _tensor("blanks", [1, _FRAMES - 1, 2], *(_FRAMES - 1) * (1.0, -1.0))],
            [_value("x", ["N", _CHUNK, _FEATURES]), *(_value(f"state{n}", [1, "N", 1]) for n in (0, 1))],
            [_value("encoder_out", ["N", _FRAMES, 2]), *(_value(f"new_state{n}", [1, "N", 1]) for n in (0, 1))],
            {"model_type": "lstm", **states, **chunks},
        ),
        "decoder": _model(
            [_node("Cast", ["y"], ["decoder_out"], _integer("to", _FLOAT))],
            [],
            [_value("y", ["N", 2], _INT64)],
            [_value("decoder_out", ["N", 2])],
            {"vocab_size": "2", "context_size": "2"},
        ),
        "joiner": _model(
            [_node("Mul", ["decoder_out", "zero"], ["nothing"]), _node("Add", ["encoder_out", "nothing"], ["logit"])],
            [_tensor("zero", [], 0.0)],
            [_value("encoder_out", ["N", 2]), _value("decoder_out", ["N", 2])],
            [_value("logit", ["N", 2])],
            {"joiner_dim": "2"},
        ),
    }
    for name, data in parts.items():
        (folder / f"{name}.onnx").write_bytes(data)
    (folder / "tokens.txt").write_text(f"<blk> 0\n▁{WORD} 1\n", encoding="utf-8")
    return folder


def _varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])


def _field(number: int, value: int | str | bytes) -> bytes:
    """Return a field of a message: a number, or a text or message with its length."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _model(
    nodes: Sequence[bytes],
    constants: Sequence[bytes],
    inputs: Sequence[bytes],
    outputs: Sequence[bytes],
    metadata: dict[str, str],
) -> bytes:
    lists = ((1, nodes), (5, constants), (11, inputs), (12, outputs))
    graph = _field(2, "g") + b"".join(_field(number, each) for number, messages in lists for each in messages)
    properties = b"".join(_field(14, _field(1, name) + _field(2, value)) for name, value in metadata.items())
    return _field(1, 8) + _field(8, _field(2, 13)) + _field(7, graph) + properties


def _node(kind: str, inputs: Sequence[str], outputs: Sequence[str], *attributes: bytes) -> bytes:
    named = ((1, inputs), (2, outputs))
    names = b"".join(_field(number, name) for number, names in named for name in names)
    return names + _field(4, kind) + b"".join(_field(5, each) for each in attributes)


def _integer(name: str, value: int) -> bytes:
    return _field(1, name) + _field(3, value) + _field(20, 2)


def _integers(name: str, values: Sequence[int]) -> bytes:
    return _field(1, name) + b"".join(_field(8, value) for value in values) + _field(20, 7)


def _tensor(name: str, shape: Sequence[int], *values: float) -> bytes:
    sizes = b"".join(_field(1, size) for size in shape)
    return sizes + _field(2, _FLOAT) + _field(8, name) + _field(9, pack(f"<{len(values)}f", *values))


def _value(name: str, shape: Sequence[int | str], kind: int = _FLOAT) -> bytes:
    dimensions = [_field(1, _field(1 if isinstance(size, int) else 2, size)) for size in shape]
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, b"".join(dimensions))))
