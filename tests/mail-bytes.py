#!/usr/bin/env python3
"""mail-bytes.py PROGRAM SCRATCH FOLDER

Signs every message of FOLDER/cases.tsv with PROGRAM and compares, by Python's own reader, what its
leaves decode to before and after. Line ends of text are compared as CRLF, which is what they are
once signed; the line end before a boundary that the message lacks is the boundary's. A message may
be refused as ambiguous, never changed. Prints what differs, and "N the same, M refused".
"""

import email
import os
import re
import subprocess
import sys

program, scratch, folder = sys.argv[1:]
wrong = same = refused = 0


def canonical(text):
    return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def leaves(message):
    found = []
    for part in message.walk():
        if part.is_multipart():
            continue
        octets = part.get_payload(decode=True)
        encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
        if encoding not in ("base64", "binary"):
            octets = canonical(octets)
        found.append((part.get_content_type(), octets))
    return found


def lacks_closing(message):
    return any("CloseBoundaryNotFound" in type(defect).__name__
               for part in message.walk() for defect in part.defects)


def is_same(before, after):
    """Equal; where a closing boundary is missing, but for the line ends before it."""
    a, b = leaves(before), leaves(after)
    if lacks_closing(before):
        a, b = ([(kind, octets.rstrip(b"\r\n")) for kind, octets in side] for side in (a, b))
    return a == b


def unfit(octets):
    """What could not travel unchanged."""
    if any(octet > 127 for octet in octets):
        return "8-bit"
    for line in octets.split(b"\r\n"):
        if b"\n" in line or b"\r" in line:
            return "bare line end"
        if len(line) > 998:
            return "long line"
    return ""


def check(path):
    with open(path, "rb") as file:
        source = file.read()
    run = subprocess.run([program, "mail", "sign", "--as", "alice@example.org", "--openpgp", path],
                         capture_output=True)
    if run.returncode == 41:
        return None
    if run.returncode != 0:
        return f"exit {run.returncode}: {run.stderr.decode()}"
    sealed = email.message_from_bytes(run.stdout)
    boundary = b"--" + sealed.get_boundary().encode()
    content = run.stdout.split(boundary + b"\r\n", 1)[1].split(b"\r\n" + boundary, 1)[0]
    names = [os.path.join(scratch, name) for name in ("content.sig", "content")]
    for name, octets in zip(names, (sealed.get_payload()[1].get_payload(decode=True), content)):
        with open(name, "wb") as file:
            file.write(octets)
    if subprocess.run(["gpg", "-q", "--verify", *names], capture_output=True).returncode != 0:
        return "gpg does not verify it"
    if unfit(content):
        return unfit(content)
    while re.match(rb">?From ", source):
        source = source.split(b"\n", 1)[1]
    if not is_same(email.message_from_bytes(source), email.message_from_bytes(content)):
        return "a leaf has changed"
    return ""


with open(os.path.join(folder, "cases.tsv"), encoding="utf-8") as table:
    cases = [line.split("\t")[0] for line in table.read().splitlines()[1:]]
for case in cases:
    path = os.path.join(folder, case)
    if not os.path.isfile(path):
        continue
    answer = check(path)
    if answer is None:
        refused += 1
    elif answer:
        wrong += 1
        print(f"{case}: {answer}")
    else:
        same += 1
print(f"{same} the same, {refused} refused")
sys.exit(1 if wrong else 0)
