"""Cases that are a certificate and its path, not a message: NIST PKITS.

What enters: a case whose keys are a trust anchor, then authorities, then CRLs. What leaves: one word,
as "letterlock key show --file" sees it with these anchors and CRLs alone and revocation required:
good when the path is trusted and nothing on it is revoked, else bad.
What it does not do: put anything into a keybox, or use the network.
"""

import base64
import json
import os
import textwrap

import mapper

# Where our answer is another one than the suite's, and why it is the right one for S/MIME.
EXPLAINED = {
    "x509-pkits/certs/ValidDSAParameterInheritanceTest5EE.crt": (
        "bad",
        "RFC 8550 section 4.3 asks for no DSA any more, and RFC 8551 appendix B keeps it for old "
        "mail alone: a key without parameters of its own (RFC 3279 section 2.3.2) cannot be used by "
        "OpenSSL, and is refused rather than completed from its issuer",
    ),
}


def to_pem(data):
    text = base64.b64encode(data).decode("ascii")
    lines = "\n".join(textwrap.wrap(text, 64))
    return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"


def write_pem(path, files):
    with open(path, "w", encoding="ascii") as out:
        for file in files:
            with open(file, "rb") as stream:
                out.write(to_pem(stream.read()))


def word_of(report):
    """The word, and why."""
    key = report["keys"][0]
    for axis in ("trust", "time"):
        if key[axis]["value"] != "yes" or key[axis]["reason"]:
            return "bad", f"{axis}: {key[axis]['reason']}"
    return "good", ""


def run_case(case, home, at):
    files = [os.path.join(case.folder, name) for name in case.key_files]
    certificates = [name for name in files if not name.endswith(".crl")]
    name = os.path.basename(case.file)
    chain, anchors = home.path(f"{name}.pem"), home.path(f"{name}.anchors.pem")
    write_pem(anchors, certificates[:1])
    write_pem(chain, [case.path, *certificates[1:]])
    options = ["--json", "--anchors", anchors, "--revocation", "require"]
    for crl in files:
        if crl.endswith(".crl"):
            options += ["--crl", crl]
    if at:
        options += ["--at", at]
    return home.letterlock("key", "show", "--file", *options, chain)


def judge_case(case, home, at):
    result = run_case(case, home, at)
    if result.crash():
        return mapper.Judgement("crash", "crash", result.crash())
    try:
        got, why = word_of(json.loads(result.out))
    except (ValueError, KeyError, IndexError):
        got, why = "no report", result.err.decode("utf-8", "replace").strip()
    wanted, explanation = EXPLAINED.get(case.name(), (case.verdict, ""))
    if got == wanted:
        return mapper.Judgement("exact", got, explanation or why)
    kind = "wrong-good" if got == "good" else "other"
    return mapper.Judgement(kind, got, why)
