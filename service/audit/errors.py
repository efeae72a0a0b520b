"""Why a piece of evidence proves nothing."""


class EvidenceError(Exception):
    """A key, checkpoint, proof or export that does not hold; the message says where and why."""
