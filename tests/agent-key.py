"""Turns `openssl pkey -text` of an RSA or EC private key into gpg-agent's own key file.

The key stays unprotected. For tests only: people import their keys with `letterlock key import`.
"""

import re
import sys

CURVES = {"P-256": "NIST P-256", "P-384": "NIST P-384", "P-521": "NIST P-521"}


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


def main():
    text = sys.stdin.read()
    parts = numbers(text)
    exponent = re.search(r"publicExponent: (\d+)", text)
    if exponent:
        body = rsa(parts, int(exponent.group(1)))
    else:
        body = ec(parts, CURVES[re.search(r"NIST CURVE: (\S+)", text).group(1)])
    sys.stdout.buffer.write(b"(" + token("private-key") + b"(" + body + b"))")


main()
