#!/usr/bin/env python3
"""Standard input as CMS CompressedData (RFC 3274) on standard output, in DER: Debian's openssl
cannot write it, and Letterlock never does (CM-09)."""

import sys
import zlib


def element(tag, body):
    length = len(body)
    if length < 0x80:
        return bytes([tag, length]) + body
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + body


def oid(*arcs):
    return element(0x06, bytes([0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, *arcs]))


content = element(0x04, zlib.compress(sys.stdin.buffer.read(), 9))
data = (
    element(0x02, b"\0")
    + element(0x30, oid(1, 9, 16, 3, 8))
    + element(0x30, oid(1, 7, 1) + element(0xA0, content))
)
sys.stdout.buffer.write(
    element(0x30, oid(1, 9, 16, 1, 9) + element(0xA0, element(0x30, data)))
)
