#!/usr/bin/env python3
"""The little MIME that a peer without MIME of its own (gpg, gpgsm) needs to trade letters with us.

  mime.py leaves FILE                 a line for each leaf: type, file name, SHA-256 of its content
  mime.py header FILE NAME            a header field, decoded
  mime.py signed FILE CONTENT SIG     takes a multipart/signed apart: the exact octets, the signature
  mime.py payload FILE OUT            the ciphertext, or the opaque CMS, transfer encoding undone
  mime.py entity FILE OUT             the Content-* fields and the body, CRLF: what gets sealed
  mime.py wrap-signed HEADERS CONTENT SIG KIND [MICALG]      KIND: openpgp or smime
  mime.py wrap-payload HEADERS PAYLOAD KIND                  openpgp, enveloped-data, signed-data ...

wrap-* write a message to standard output; HEADERS is a message whose From, To ... are taken.
Text is compared with its line ends as LF: mail carries lines, not CR and LF.
"""

import base64
import email
import email.header
import hashlib
import re
import sys

STRUCTURAL = (b"content-", b"mime-version")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def crlf(data):
    return re.sub(rb"\r?\n", b"\r\n", data)


def split(data):
    """(header section, body) with the empty line taken out."""
    match = re.search(rb"\r?\n\r?\n", data)
    return (data[: match.start()] + b"\r\n", data[match.end() :]) if match else (data, b"")


def fields(header):
    return re.findall(rb"[^\r\n]+\r?\n(?:[ \t][^\r\n]*\r?\n)*", header)


def leaves(path):
    for part in email.message_from_bytes(read(path)).walk():
        if part.is_multipart():
            continue
        content = part.get_payload(decode=True) or b""
        if part.get_content_maintype() == "text":
            content = content.replace(b"\r\n", b"\n")
            content = content.rstrip(b"\n")
        name = part.get_filename() or "-"
        print(part.get_content_type(), name, hashlib.sha256(content).hexdigest())


def header(path, name):
    value = email.message_from_bytes(read(path))[name] or ""
    print(str(email.header.make_header(email.header.decode_header(value))))


def signed(path, content_path, signature_path):
    data = crlf(read(path))
    message = email.message_from_bytes(data)
    if message.get_content_type() != "multipart/signed":
        sys.exit(f"not multipart/signed: {message.get_content_type()}")
    mark = b"\r\n--" + message.get_boundary().encode()
    parts = (b"\r\n" + split(data)[1]).split(mark)
    write(content_path, parts[1][2:])  # without the line end of the boundary line itself
    write(signature_path, message.get_payload()[1].get_payload(decode=True))


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def payload(path, out):
    message = email.message_from_bytes(read(path))
    if message.get_content_type() == "multipart/encrypted":
        message = message.get_payload()[1]
    write(out, message.get_payload(decode=True))


def entity(path, out):
    head, body = split(read(path))
    kept = [f for f in fields(head) if f.lower().startswith(b"content-")]
    write(out, crlf(b"".join(kept) + b"\r\n" + body))


def outer(path):
    head = split(read(path))[0]
    kept = [f for f in fields(head) if not f.lower().startswith(STRUCTURAL)]
    return crlf(b"".join(kept)) + b"MIME-Version: 1.0\r\n"


def base64_lines(data):
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def wrap_signed(headers, content, signature, kind, micalg=None):
    openpgp = kind == "openpgp"
    protocol = b"application/pgp-signature" if openpgp else b"application/pkcs7-signature"
    micalg = micalg or ("pgp-sha256" if openpgp else "sha-256")
    sys.stdout.buffer.write(
        outer(headers)
        + b'Content-Type: multipart/signed; boundary="=-peer"; protocol="' + protocol
        + b'"; micalg=' + micalg.encode() + b"\r\n\r\n--=-peer\r\n" + read(content)
        + b"\r\n--=-peer\r\nContent-Type: " + protocol
        + (b"\r\n\r\n" + crlf(read(signature)) if openpgp else
           b'; name="smime.p7s"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
           + base64_lines(read(signature)))
        + b"\r\n--=-peer--\r\n"
    )  # fmt: skip


def wrap_payload(headers, data, kind):
    if kind == "openpgp":
        body = (
            b'Content-Type: multipart/encrypted; boundary="=-peer";'
            b' protocol="application/pgp-encrypted"\r\n\r\n--=-peer\r\n'
            b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--=-peer\r\n"
            b"Content-Type: application/octet-stream\r\n\r\n" + crlf(read(data))
            + b"\r\n--=-peer--\r\n"
        )  # fmt: skip
    else:
        body = (
            b"Content-Type: application/pkcs7-mime; smime-type=" + kind.encode()
            + b'; name="smime.p7m"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
            + base64_lines(read(data))
        )  # fmt: skip
    sys.stdout.buffer.write(outer(headers) + body)


COMMANDS = {
    "leaves": leaves,
    "header": header,
    "signed": signed,
    "payload": payload,
    "entity": entity,
    "wrap-signed": wrap_signed,
    "wrap-payload": wrap_payload,
}

if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    COMMANDS[sys.argv[1]](*sys.argv[2:])
