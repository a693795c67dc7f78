"""Signs a message as somebody else's S/MIME program would: with the capabilities, the signing time
and the preference that a test asks for. The key is one on P-256 in a file; openssl signs.

  cms-sign.py --cert bob.crt --key bob.key [--also other.crt]... [--time 20261101120000Z]
              [--can OID,...] [--prefer other.crt] < letter.eml > signed.eml

--time none leaves the signing time out; without --can there is no list of capabilities.
"""

import argparse
import base64
import hashlib
import subprocess
import sys
import time


def der(tag, *contents):
    body = b"".join(contents)
    length = len(body)
    if length < 128:
        return bytes([tag, length]) + body
    digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(digits)]) + digits + body


def oid(text):
    numbers = [int(number) for number in text.split(".")]
    octets = bytearray([numbers[0] * 40 + numbers[1]])
    for number in numbers[2:]:
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.append(0x80 | (number & 0x7F))
        octets += bytes(reversed(digits))
    return der(0x06, bytes(octets))


def sequence(*contents):
    return der(0x30, *contents)


def set_of(*contents):
    return der(0x31, *sorted(contents))


def elements(octets):
    """The elements of a constructed value, each with its header."""
    at = 0
    while at < len(octets):
        start, length, at = at, octets[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(octets[at : at + size], "big"), at + size
        yield octets[start : at + length], octets[at : at + length]
        at += length


def read_certificate(path):
    with open(path, encoding="ascii") as file:
        text = file.read()
    body = text.split("-----BEGIN CERTIFICATE-----")[1].split("-----END")[0]
    return base64.b64decode(body)


def issuer_and_serial(certificate):
    (_, inside), = elements(certificate)
    (_, signed), *_ = elements(inside)
    parts = [whole for whole, _ in elements(signed) if whole[0] != 0xA0]
    return sequence(parts[2], parts[0])  # serial, signature algorithm, issuer, ...


def attribute(name, value):
    return sequence(oid(name), der(0x31, value))


def signed_attributes(options, content):
    made = [
        attribute("1.2.840.113549.1.9.3", oid("1.2.840.113549.1.7.1")),
        attribute("1.2.840.113549.1.9.4", der(0x04, hashlib.sha256(content).digest())),
    ]
    when = options.time or time.strftime("%Y%m%d%H%M%SZ", time.gmtime())
    if when != "none":
        made.append(attribute("1.2.840.113549.1.9.5", der(0x17, when[2:].encode("ascii"))))
    if options.can is not None:
        names = [name for name in options.can.split(",") if name]
        made.append(
            attribute("1.2.840.113549.1.9.15", sequence(*[sequence(oid(name)) for name in names]))
        )
    if options.prefer:
        which = issuer_and_serial(read_certificate(options.prefer))
        made.append(attribute("1.2.840.113549.1.9.16.2.11", b"\xa0" + which[1:]))
    return made


def sign(options, content):
    attributes = signed_attributes(options, content)
    value = subprocess.run(
        ["openssl", "dgst", "-sha256", "-sign", options.key],
        input=set_of(*attributes),
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    certificate = read_certificate(options.cert)
    sha256 = sequence(oid("2.16.840.1.101.3.4.2.1"))
    signer = sequence(
        der(0x02, b"\x01"),
        issuer_and_serial(certificate),
        sha256,
        b"\xa0" + set_of(*attributes)[1:],
        sequence(oid("1.2.840.10045.4.3.2")),
        der(0x04, value),
    )
    certificates = [certificate] + [read_certificate(path) for path in options.also]
    signed = sequence(
        der(0x02, b"\x01"),
        set_of(sha256),
        sequence(oid("1.2.840.113549.1.7.1")),
        der(0xA0, *sorted(certificates)),
        set_of(signer),
    )
    return sequence(oid("1.2.840.113549.1.7.2"), der(0xA0, signed))


def wrap(message, make_signature):
    head, _, body = message.partition(b"\r\n\r\n")
    inside, outside = [], []
    for line in head.split(b"\r\n"):
        (inside if line.lower().startswith(b"content-") else outside).append(line)
    content = b"\r\n".join(inside) + b"\r\n\r\n" + body
    signature = base64.encodebytes(make_signature(content)).replace(b"\n", b"\r\n")
    return b"\r\n".join(
        outside
        + [
            b'Content-Type: multipart/signed; protocol="application/pkcs7-signature";',
            b' micalg=sha-256; boundary="=-sign"',
            b"",
            b"--=-sign",
            content,
            b"--=-sign",
            b"Content-Type: application/pkcs7-signature; name=smime.p7s",
            b"Content-Transfer-Encoding: base64",
            b"",
            signature + b"--=-sign--",
            b"",
        ]
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cert", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--also", action="append", default=[])
    parser.add_argument("--time")
    parser.add_argument("--can")
    parser.add_argument("--prefer")
    options = parser.parse_args()
    message = sys.stdin.buffer.read()
    sys.stdout.buffer.write(wrap(message, lambda content: sign(options, content)))


if __name__ == "__main__":
    main()
