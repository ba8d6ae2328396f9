"""The province's load test as a person runs it, made small: meetings, a killed worker, report and page."""

import json
import subprocess
import sys
from pathlib import Path


def test_a_small_province_loses_a_worker_and_is_reported(tmp_path: Path) -> None:
    words = ["--cases", "bd", "--scale", "0.03", "--workers", "2", "--seconds", "1", "--output", str(tmp_path)]
    command = [sys.executable, "-m", "loadtest", "province", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    text = (tmp_path / "province.json").read_text(encoding="utf-8")
    calm, lossy = json.loads(text)["cases"]
    assert [(case["word"], case["joined"], case["expected"]) for case in (calm, lossy)] == [
        ("b", 10, 10),
        ("d", 10, 10),
    ]
    assert calm["received"] > 0 and calm["kill"] is None
    names = sorted(process["name"] for process in calm["server"]["processes"])
    assert names == ["media-0", "media-1", "roof", "valkey"]
    assert lossy["kill"]["hit"] > 0
    assert (lossy["kill"]["back"], lossy["kill"]["expected"]) == (10, 10)
    assert len(lossy["kill"]["times_s"]) == lossy["kill"]["hit"]
    assert "Mất một tiến trình media" in (tmp_path / "province.html").read_text(encoding="utf-8")
    report = json.loads(text)
    assert (report["conditions"]["scale"], report["proposal"]) == (0.03, None), "a part of a province proposes nothing"
    assert [line for line in done.stdout.splitlines() if line.startswith("| proposed capacity | none: ")], done.stdout
    assert report["costs"]["points"] == 12
