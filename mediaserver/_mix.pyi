from mediaserver.mix.limiter import plain_limit
from mediaserver.mix.minus import plain_level
from mediaserver.mix.shade import plain_shade

level = plain_level
limit = plain_limit
shade = plain_shade

def halve(source: object, source_line: int, target: object, target_line: int, width: int, height: int) -> None: ...
