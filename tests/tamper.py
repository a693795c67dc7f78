#!/usr/bin/env python3
"""Makes altered copies of a message, each with one byte changed.

  tamper.py signed FILE DIR N       over the signed part of a multipart/signed message
  tamper.py ciphertext FILE DIR N   over the ciphertext (OpenPGP packets or CMS), re-encoded

The places are spread evenly, first and last byte of the range included. Of a ciphertext, the first
tenth is left alone: it holds what is not encrypted content (recipients, and a change in somebody
else's recipient entry may rightly go unnoticed). DIR gets 0.eml, 1.eml ...
"""

import base64
import email
import re
import sys


def read(path):
    with open(path, "rb") as file:
        return file.read()


def places(start, end, number):
    return [start + (end - 1 - start) * i // (number - 1) for i in range(number)]


def change(data, place):
    return data[:place] + bytes([data[place] ^ 0x01]) + data[place + 1 :]


def signed_range(data):
    boundary = email.message_from_bytes(data).get_boundary().encode()
    marks = [m for m in re.finditer(rb"\r\n--" + re.escape(boundary) + rb"(--)?\r\n", data)]
    return marks[0].end(), marks[1].start()


def crc24(data):
    crc = 0xB704CE
    for octet in data:
        crc ^= octet << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= 0x1864CFB
    return crc.to_bytes(3, "big")


def ciphertext_of(data):
    """(octets, function that puts other octets in their place)"""
    armor = re.search(rb"(-----BEGIN PGP MESSAGE-----\r?\n(?:[^\r\n]+\r?\n)*\r?\n)"
                      rb"(.*?)(\r?\n-----END PGP MESSAGE-----)", data, re.S)  # fmt: skip
    if armor:
        lines = [line.strip() for line in armor.group(2).split(b"\n")]
        octets = base64.b64decode(b"".join(line for line in lines if not line.startswith(b"=")))

        def put(new):
            body = base64.encodebytes(new).replace(b"\n", b"\r\n")
            body += b"=" + base64.b64encode(crc24(new))
            return data[: armor.start(2)] + body + data[armor.end(2) :]

        return octets, put
    start = re.search(rb"\r?\n\r?\n", data).end()
    octets = base64.b64decode(data[start:])
    return octets, lambda new: data[:start] + base64.encodebytes(new).replace(b"\n", b"\r\n")


def main(kind, path, folder, number):
    data = read(path)
    if kind == "signed":
        start, end = signed_range(data)
        copies = (change(data, place) for place in places(start, end, number))
    else:
        octets, put = ciphertext_of(data)
        every = places(len(octets) // 10, len(octets), number)
        copies = (put(change(octets, place)) for place in every)
    for index, copy in enumerate(copies):
        with open(f"{folder}/{index}.eml", "wb") as file:
            file.write(copy)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
