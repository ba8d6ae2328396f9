from mediaserver.audio.limiter import plain_limit
from mediaserver.audio.mix_minus import plain_level
from mediaserver.video.shadow import plain_darken

level = plain_level
limit = plain_limit
darken = plain_darken

def halve(source: tuple[object, ...], lines: tuple[int, ...], target: tuple[object, ...]) -> None: ...
