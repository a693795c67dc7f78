"""Turns `openssl pkey -text` of a private key into gpg-agent's own key file: RSA, the NIST and
brainpool curves, Ed25519, X25519.

The key stays unprotected. For tests only: people import their keys with `letterlock key import`.
"""

import re
import sys

CURVES = {"prime256v1": "NIST P-256", "secp384r1": "NIST P-384", "secp521r1": "NIST P-521"}


def numbers(text):
    """The values of the dump, by their labels."""
    found = {}
    for label, digits in re.findall(r"^(\w[\w ]*):[^\n]*\n((?:    +[0-9a-f:]+\n)+)", text, re.M):
        found[label] = re.sub(r"[^0-9a-f]", "", digits)
    return found


def atom(name, digits):
    """A number: never with its top bit set, which would read as a sign."""
    data = bytes.fromhex(digits).lstrip(b"\0")
    if data[0] & 0x80 and name != "q-point":
        data = b"\0" + data
    return token(name.removesuffix("-point")) + str(len(data)).encode() + b":" + data


def token(text):
    return f"{len(text)}:{text}".encode()


def rsa(parts, exponent):
    p, q = int(parts["prime1"], 16), int(parts["prime2"], 16)
    p, q = min(p, q), max(p, q)  # libgcrypt wants u = p^-1 mod q with p < q
    values = {
        "n": parts["modulus"],
        "e": f"{exponent:08x}",
        "d": parts["privateExponent"],
        "p": f"{p:0512x}",
        "q": f"{q:0512x}",
        "u": f"{pow(p, -1, q):0512x}",
    }
    return token("rsa") + b"".join(b"(" + atom(k, v) + b")" for k, v in values.items())


def ec(parts, curve):
    return (
        token("ecc") + b"(" + token("curve") + token(curve) + b")"
        + b"(" + atom("q-point", parts["pub"]) + b")" + b"(" + atom("d", parts["priv"]) + b")"
    )


def edwards(parts):
    return (
        token("ecc") + b"(" + token("curve") + token("Ed25519") + b")(" + token("flags")
        + token("eddsa") + b")(" + atom("q-point", "40" + parts["pub"]) + b")("
        + token("d") + b"32:" + bytes.fromhex(parts["priv"]) + b")"
    )


def montgomery(parts):
    """libgcrypt has the number with its bits set as X25519 wants them, and its first octet first."""
    secret = bytearray(bytes.fromhex(parts["priv"]))
    secret[0] &= 248
    secret[31] = secret[31] & 127 | 64
    return (
        token("ecc") + b"(" + token("curve") + token("Curve25519") + b")(" + token("flags")
        + token("djb-tweak") + b")(" + atom("q-point", "40" + parts["pub"]) + b")("
        + token("d") + b"32:" + bytes(reversed(secret)) + b")"
    )


def main():
    text = sys.stdin.read()
    parts = numbers(text)
    exponent = re.search(r"publicExponent: (\d+)", text)
    if exponent:
        body = rsa(parts, int(exponent.group(1)))
    elif text.startswith("ED25519"):
        body = edwards(parts)
    elif text.startswith("X25519"):
        body = montgomery(parts)
    else:
        curve = re.search(r"ASN1 OID: (\S+)", text).group(1)
        body = ec(parts, CURVES.get(curve, curve))
    sys.stdout.buffer.write(b"(" + token("private-key") + b"(" + body + b"))")


main()
