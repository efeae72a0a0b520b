"""Keys that somebody made up, and somebody else may guess."""

import logging
from collections.abc import Sequence

LENGTH_MIN = 20

logger = logging.getLogger(__name__)


def warn_of_short_keys(keys: Sequence[str]) -> None:
    """Log which of the settings' keys are too short to be left to a network."""
    for number, key in enumerate(keys, 1):
        if len(key) < LENGTH_MIN:
            logger.warning(
                "key-%d of BACKTAPE_API_KEY has fewer than %d characters and may be guessed;"
                " `backtape keys create` makes one that cannot be",
                number,
                LENGTH_MIN,
            )
