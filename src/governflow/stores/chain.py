"""The hash chains of the ledger, and the salted commitments to what may be erased from it.

Every case has a chain over the bodies of its events, ``tail = sha256(tail + body)``; the store has one over the cases'
tails, ``head = sha256(head + tail)``.
"""

import hashlib

#: The hash that every chain begins with.
GENESIS = b"\0" * 32

_sha256 = hashlib.sha256


def link(previous: bytes, content: bytes) -> bytes:
    """Return the next hash of a chain: SHA-256 over the previous hash and the content."""
    return _sha256(previous + content).digest()


def commitment(salt: bytes, content: bytes) -> str:
    """Return the commitment to erasable content; without the salt it says nothing about the content."""
    return _sha256(salt + content).hexdigest()
