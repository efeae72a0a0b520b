"""How deep JSON is nested."""

_ENDS = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


def is_nested_deeper(text: bytes, levels: int) -> bool:
    """Whether arrays and objects of valid JSON stand more than ``levels`` deep in each other."""
    if text.count(b"[") + text.count(b"{") <= levels:
        return False
    without_escapes = text.replace(rb"\\", b"").replace(rb"\"", b"")
    outside_strings = b"".join(without_escapes.split(b'"')[::2])
    brackets = outside_strings.translate(_ENDS, _NOT_BRACKETS)
    for _ in range(levels):
        brackets = brackets.replace(b"[]", b"")  # of each branch the innermost
    return bool(brackets)
