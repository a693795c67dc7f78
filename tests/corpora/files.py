"""Cases that are a CMS object by itself, not a message: "letterlock file verify" and "file decrypt".

What enters: a case in a home with its keys. What leaves: a judgement, by the same words and rules as
for messages (mapper.py); what is refused as no signature at all is the word none, what cannot be
opened is decrypt-fail.
What it does not do: bind a signer to an address; a file has none.
"""

import json
import os
import re

import mapper

PASSWORDS = "RFC 5652 section 6.2.4 (password recipients) is not supported, and the program says so"
ATTRIBUTES = (
    "RFC 5652 sections 5.3 and 11.1: signed attributes hold the content type; these hold the time "
    "and the digest alone. gpgsm of 2002 wrote them so, and later ones take them"
)

# Where our answer is another one than the source's, and why it is right.
EXPLAINED = {
    "gnupg-cms/text-1.osig.pem": ("bad", ATTRIBUTES),
    "gnupg-cms/text-2.osig.pem": ("bad", ATTRIBUTES),
    "gnupg-cms/pwri-sample.cbc-2.p7m": ("decrypt-fail", PASSWORDS),
    "gnupg-cms/pwri-sample.gcm.p7m": ("decrypt-fail", PASSWORDS),
}


def read_answer(data):
    """The one file's entry of a report (letterlock.file/1), or the error as such an entry."""
    try:
        answer = json.loads(data)
    except ValueError:
        return {"error": "no JSON"}
    return answer["files"][0] if answer.get("files") else answer


def run_verify(case, home, options):
    content = re.search(r"content is ([^\s;]+)", case.note)
    beside = ["--content", os.path.join(case.folder, content.group(1))] if content else []
    result = home.letterlock("file", "verify", "--json", *options, *beside, case.path)
    entry = read_answer(result.out)
    report = entry.get("report")
    if report:
        return result, report, mapper.word_of(report)
    return result, None, "none" if entry.get("error") == "bad-data" else entry.get("error")


def run_decrypt(case, home, options):
    """As above, and what came out."""
    path = home.path(f"{os.path.basename(case.file)}.out")
    result = home.letterlock("file", "decrypt", "--json", "--force", "-o", path, *options, case.path)
    entry = read_answer(result.out)
    opened = b""
    if os.path.exists(path):
        with open(path, "rb") as file:
            opened = file.read()
    word = "decrypt-ok" if result.status == 0 else "decrypt-fail"
    return result, entry.get("report"), word, opened


def judge(case, got, report, status, opened):
    wanted, explanation = EXPLAINED.get(case.name(), (case.verdict, ""))
    good = mapper.is_good(report) or (case.operation != "decrypt" and status == 0)
    if good and "good" not in wanted and got not in wanted.split("|"):
        return mapper.Judgement("wrong-good", got, f"expected {wanted}")
    if wanted == "decrypt-fail" and opened:
        return mapper.Judgement("leak", got, f"{len(opened)} octets from decrypt")
    if got not in wanted.split("|"):
        return mapper.Judgement("other", got, f"reasons: {', '.join(mapper.reasons(report or {}))}")
    missing = [m for m in mapper.note_values(case.note, "marker") if m.encode() not in opened]
    if got == "decrypt-ok" and missing:
        return mapper.Judgement("other", got, f"the marker “{missing[0]}” did not come out")
    return mapper.Judgement("exact", got, explanation)


def judge_case(case, home, options, failure):
    if failure:
        return mapper.Judgement("other", "no home", failure)
    opened = b""
    if case.operation == "decrypt":
        result, report, got, opened = run_decrypt(case, home, options)
    else:
        result, report, got = run_verify(case, home, options)
    if result.crash():
        return mapper.Judgement("crash", "crash", result.crash())
    return judge(case, got, report, result.status, opened)
