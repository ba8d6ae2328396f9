"""Cost of encoding, measured for a moment."""

import pytest

from loadtest.bench import encoder_cost


@pytest.mark.parametrize(
    ("rendition", "size", "fps"), [(("H264/0", 0), "320x180", 12.5), (("VP8", 3), "1920x1080", 30.0)]
)
def test_a_rendition_is_measured_in_its_own_size_and_rate(
    monkeypatch: pytest.MonkeyPatch, rendition: tuple[str, int], size: str, fps: float
) -> None:
    monkeypatch.setattr(encoder_cost, "SECONDS", 0.4)
    found = encoder_cost.measure(*rendition)
    assert (found["size"], found["fps"]) == (size, fps)
    assert float(str(found["db"])) > 20 and float(str(found["ms"])) > 0
