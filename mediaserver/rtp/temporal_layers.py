"""Temporal layers of VP8 (RFC 7741 §4.2): which pictures of a stream can be left out, and what that saves. Pure.

A picture refers to pictures of its own and of lower layers only, so that all above a layer may be left out. A higher
layer is begun at a picture that refers to the lowest layer alone (the Y bit), or after a key frame.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import accumulate

from mediaserver.rtp.outbound_stream import HIGHEST_LAYER, OutboundStream
from mediaserver.rtp.payload import Vp8Descriptor, readable_vp8


class TemporalLayerFilter:
    """Decides for each packet of a stream whether it is forwarded. It begins with all layers.

    The layers themselves are in the outbound stream, where the fast loop decides by the same rules.
    """

    def __init__(self, stream: OutboundStream) -> None:
        self._stream = stream

    def limit(self, layer: int | None) -> None:
        """Forward no layer above `layer` from the next picture on; None: all, each as soon as it may be begun."""
        self._stream.layer_limit = HIGHEST_LAYER if layer is None else layer

    @property
    def passes_all(self) -> bool:
        """Return whether nothing is left out now."""
        return self._stream.layer_limit == HIGHEST_LAYER and self._stream.layer_forwarded >= self._stream.layer_seen

    def passes(self, descriptor: Vp8Descriptor, keyframe: bool) -> bool:
        """Return whether to forward a packet that comes next; `keyframe`: whether it begins a key frame."""
        stream, layer = self._stream, descriptor.temporal_id
        stream.layer_seen = max(stream.layer_seen, layer)
        if keyframe or (descriptor.begins and stream.layer_forwarded > stream.layer_limit):
            stream.layer_forwarded = stream.layer_limit
        elif descriptor.begins and descriptor.sync and layer == stream.layer_forwarded + 1 <= stream.layer_limit:
            stream.layer_forwarded = layer
        return keyframe or layer <= stream.layer_forwarded


def temporal_shares(payloads: Iterable[bytes]) -> tuple[float, ...]:
    """Return the share of a stream's bytes that each temporal layer has with all below it, of some of its payloads;
    (1.0,) where there is one layer only."""
    octets = Counter[int]()
    for payload in payloads:
        if (descriptor := readable_vp8(payload)) is not None:
            octets[descriptor.temporal_id] += len(payload)
    if not octets:
        return (1.0,)
    sums = accumulate(octets[layer] for layer in range(max(octets) + 1))
    return tuple(each / octets.total() for each in sums)
