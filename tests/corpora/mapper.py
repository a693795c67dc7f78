"""From Letterlock's report to a verdict word of the corpora, and the comparison with what is expected.

What enters: the JSON report (schema letterlock.report/1, doc/json.md) and what the commands wrote.
What leaves: one word, and a judgement (exact, wrong good, leak, crash, other) with its reason.
What it does not do: look at file names, or at the expected word before the report's own word stands.

From a report to a word
-----------------------
The first row that fits decides.

  status cannot-decrypt                                            decrypt-fail
  status signed or signed-encrypted
      with the caution weak-digest, weak-key or weak-chain         weak
      with the caution date-gap                                    warn
      otherwise                                                    good
  a layer of the envelope has a signature: by the reason that the outermost of those that are not
      good gives (WORD_OF_REASON); when each is good by itself, but the message is not:  bad
  no signature in the envelope, but outside of it (errant, inline, under a list footer)
      one of them holds, if only with a weak digest or key         partial
      one of them does not hold, or nothing can be read of it      bad
      one of them has no key                                       unknown
      it is in a forwarded message: partial when it holds, else    none
  the envelope was encrypted and opened                            encrypted
  something outside the envelope is encrypted                      partly-encrypted
  the message claims cryptography, but a limit was hit or the
      structure can be read in two ways                            bad
  otherwise                                                        none

From the expected word to the words it accepts
----------------------------------------------
Each word accepts itself. Beyond that:

  forged     also mismatch and partial: a report does not know an attack, it knows whose signature
             holds for what; both say that it is not for what is shown or not for the sender
  good       also a good status with the caution date-gap, which only warn demands (SM-26); also
             weak, where the note says that a weak digest may be reported
  any word   also mismatch, where the note says that this is right
  decrypt-*, leak-unsafe   see judge_decryption(): they are judged by what came out as well

A good for another signer than the note's signer= is a wrong good, and so is a good that the note's
never= forbids, and so is exit status 0 of "mail verify" without a good report.
"""

import re
from dataclasses import dataclass, field

GOOD_STATUS = ("signed", "signed-encrypted")
ENCRYPTED_STATUS = ("encrypted-unverified", "signed-encrypted")
WEAK = ("weak-digest", "weak-key", "weak-chain")
WORD_OF_REASON = {
    "no-public-key": "unknown",
    "no-signers": "none",
    "weak-digest": "weak",
    "weak-key": "weak",
    "weak-chain": "weak",
    "from-mismatch": "mismatch",
    "from-missing": "mismatch",
    "from-ambiguous": "mismatch",
    "no-address-in-key": "mismatch",
    "sender-of-record": "mismatch",
    "user-id-revoked": "mismatch",
    "untrusted": "untrusted",
    "issuer-missing": "untrusted",
    "self-signed": "untrusted",
    "root-not-trusted": "untrusted",
    "never-trusted": "untrusted",
    "marginally-trusted": "untrusted",
    "validity-unknown": "untrusted",
    "key-expired": "expired",
    "signature-expired": "expired",
    "key-revoked": "revoked",
    "date-gap": "warn",
}  # every other reason: bad
PART_ENCRYPTED = ("errant-encryption", "inline-encryption", "repairable-structure")
SIGNATURE_KINDS = ("errant-signature", "inline-signature", "list-footer")
STRUCTURE = ("ambiguous-structure", "type-mismatch", "malformed")

ACCEPTS = {"forged": ("forged", "mismatch", "partial")}
VERIFY_WORDS = (
    "good bad forged mismatch partial warn weak unknown untrusted expired revoked none".split()
)
DECRYPT_WORDS = ("decrypt-ok", "decrypt-fail", "leak-unsafe")


@dataclass
class Outcome:
    """What the commands did for one case."""

    report: dict  # or None when there is none
    verify_status: int = -1  # the exit status of "verify"
    error: str = ""  # the JSON error's name, or the first line of standard error
    shown: str = ""  # all text that "show", "verify" and "inspect" wrote
    body: str = ""  # what "show" wrote
    opened: str = ""  # "decrypt": standard output, taken apart and decoded
    opened_octets: int = 0
    opened_status: int = -1
    crash: str = ""


@dataclass
class Judgement:
    kind: str  # exact, wrong-good, leak, crash, other
    got: str
    why: str = ""
    remarks: list = field(default_factory=list)


def is_good(report):
    return bool(report) and report.get("status") in GOOD_STATUS


def reasons(report):
    return list(report.get("reasons") or [])


def word_of_good(report):
    cautions = report.get("cautions") or []
    if any(c in WEAK for c in cautions):
        return "weak"
    return "warn" if "date-gap" in cautions else "good"


def word_of_envelope(signatures):
    """`signatures`: those of the layers, outermost first."""
    for signature in signatures:
        if not signature.get("good"):
            return WORD_OF_REASON.get(signature.get("reason"), "bad")
    return "bad"


def word_of_errant(errant):
    """Signatures that do not cover the message; None when there are none."""
    words = set()
    for item in errant:
        forwarded = item.get("kind") == "forwarded-message"
        for signer in item.get("signers") or []:
            integrity = signer["axes"]["integrity"]
            if integrity["value"] == "yes" or integrity["reason"] in WEAK:
                words.add("partial")
            elif not forwarded:
                words.add(WORD_OF_REASON.get(signer["reason"], "bad"))
        if not item.get("signers") and item.get("kind") in SIGNATURE_KINDS:
            words.add("bad")
    for word in ("partial", "bad", "unknown"):
        if word in words:
            return word
    return None


def word_of(report):
    """The verdict word that a report amounts to."""
    errant = report.get("errant") or []
    status = report.get("status")
    if status == "cannot-decrypt":
        return "decrypt-fail"
    if status in GOOD_STATUS:
        return word_of_good(report)
    layers = report.get("layers") or []
    signatures = [layer["signature"] for layer in layers if layer.get("signature")]
    if signatures:
        return word_of_envelope(signatures)
    word = word_of_errant(errant)
    if word:
        return word
    if status in ENCRYPTED_STATUS or report.get("encrypted"):
        return "encrypted"
    if any(item.get("kind") in PART_ENCRYPTED for item in errant):
        return "partly-encrypted"
    claim = report.get("signed_claim") or layers
    if claim and any(r in STRUCTURE or r.startswith("limit-") for r in reasons(report)):
        return "bad"
    return "none"


# ---- notes -----------------------------------------------------------------------------------


def note_values(note, key):
    """The values of "key=" items; a note is a list of items parted by "; "."""
    found = []
    for item in re.split(r";\s+|;$", note):
        match = re.match(r"\s*" + re.escape(key) + r"=(.*)", item, re.S)
        if match:
            found.append(match.group(1).strip())
    return found


def signer_addresses(note):
    """The addresses and fingerprints that signer= allows; empty: nothing to compare."""
    allowed = set()
    for value in note_values(note, "signer"):
        allowed.update(a.lower() for a in re.findall(r"[^\s<>()]+@[^\s<>(),;]+", value))
    return allowed


def never_values(note):
    values = []
    for value in note_values(note, "never"):
        values += [v.strip() for v in re.split(r",\s*never=", value)]
    return values


def forbids_good(note):
    """never= items that mean: no good for the message as a whole."""
    forbidden = r"(plain |whole message |message |outer message )?(good|signed|signature good)\b"
    for value in never_values(note):
        if re.match(r"signed by", value):
            continue
        if re.match(forbidden, value) and "marker" not in value:
            return True
    return False


def squeeze(text):
    return re.sub(r"\s+", " ", text).strip()


def contains(text, wanted):
    return wanted in text or squeeze(wanted) in squeeze(text)


def subject_fits(report, note):
    wanted = note_values(note, "subject")
    if not wanted:
        return True
    want = squeeze(wanted[0])
    got = squeeze(report.get("subject") or "")
    if want.startswith("(none)"):
        return got == ""
    return got == want or (got != "" and want.startswith(got + " ("))


def signer_names(report):
    signer = report.get("signer") or {}
    values = [signer.get(k) for k in ("address", "fingerprint", "name")]
    values += signer.get("addresses") or []
    return {v.lower() for v in values if v}


def signed_by_forbidden(report, note):
    """never=signed by NAME (for ...): NAME must not be the signer of a good message."""
    for value in never_values(note):
        match = re.match(r"(?:signed by|good for) ([^\s/,]+)", value)
        if match:
            name = match.group(1).lower()
            if any(n.split("@")[0] == name or n == name for n in signer_names(report)):
                return value
    return None


def quoted_never_shown(note, text):
    for value in never_values(note):
        match = re.match(r'show "([^"]+)"$', value)
        if match and contains(text, match.group(1)):
            return match.group(1)
    return None


# ---- judgement -------------------------------------------------------------------------------


def wrong_good(expected, note, outcome):
    """Why this good must not be, or None. Checked before anything else."""
    report = outcome.report
    if not is_good(report):
        return "verify answered 0 without a good report" if outcome.verify_status == 0 else None
    word = word_of(report)
    wants = expected.split("|")
    verify = [w for w in wants if w in VERIFY_WORDS]
    if verify and "good" not in verify and word not in verify:
        return f"reported {word}, expected {expected}"
    if "leak-unsafe" in wants or "decrypt-fail" in wants:
        return f"a good message although {expected} is expected"
    if "decrypt-ok" in wants:
        states = note_values(note, "signature")
        state = re.split(r"[^a-z-]", states[0])[0] if states else ""
        if state and state != "good" and not (state == "weak" and word == "weak"):
            return f"reported {word}, expected signature={states[0]}"
    if word == "good" and forbids_good(note) and "good" not in wants:
        return "the note forbids an unqualified good"
    forbidden = signed_by_forbidden(report, note)
    if forbidden:
        return f"the note says never {forbidden}"
    allowed = signer_addresses(note)
    if allowed and not allowed & signer_names(report):
        return f"good for {sorted(signer_names(report))}, expected {sorted(allowed)}"
    return None


def leaked(expected, note, outcome, clear_text):
    """Which plaintext came out where none may, or None."""
    if not any(w in ("leak-unsafe", "decrypt-fail") for w in expected.split("|")):
        return None
    for marker in note_values(note, "marker"):
        if contains(clear_text, marker):
            continue  # it stands in the clear part of the message too: says nothing
        if contains(outcome.opened, marker) or contains(outcome.shown, marker):
            return marker
    if "decrypt-fail" in expected and outcome.opened_octets:
        return f"{outcome.opened_octets} octets from decrypt"
    return None


def judge_decryption(expected, note, outcome):
    """decrypt-ok, decrypt-fail and leak-unsafe: the report and what came out."""
    report = outcome.report
    word = word_of(report)
    encrypted = report.get("status") in ENCRYPTED_STATUS or report.get("encrypted")
    if expected == "decrypt-ok":
        if outcome.opened_status != 0:
            return word, f"decrypt answered {outcome.opened_status}: {outcome.error}"
        inline = any(i.get("kind") == "inline-encryption" for i in report.get("errant") or [])
        if not encrypted and not inline:
            return word, "opened, but the report does not say encrypted"
        for marker in note_values(note, "marker"):
            if not contains(outcome.opened, marker):
                return word, f"the marker “{marker}” is missing in what decrypt wrote"
        states = note_values(note, "signature")
        if states and states[0].startswith("good") and word not in ("good", "warn"):
            return word, f"signature=good expected, the report amounts to {word}"
        return "decrypt-ok", ""
    if outcome.opened_status == 0:
        return word, "decrypt answered 0"
    if encrypted:
        return word, "the report says that the message is encrypted"
    if expected == "decrypt-fail":
        return "decrypt-fail", ""
    kinds = {item.get("kind") for item in report.get("errant") or []}
    if kinds & set(PART_ENCRYPTED):
        return "leak-unsafe", ""
    return word, "the report does not say that a part is encrypted"


def judge(expected, note, outcome, clear_text):
    """One case. `clear_text` is what can be read in the message without any key."""
    if outcome.crash:
        return Judgement("crash", "crash", outcome.crash)
    report = outcome.report
    got = word_of(report) if report else "error"
    why = wrong_good(expected, note, outcome)
    if why:
        return Judgement("wrong-good", got, why)
    leak = leaked(expected, note, outcome, clear_text)
    if leak:
        return Judgement("leak", got, f"“{leak}” came out")
    if not report:
        return Judgement("other", got, f"no report: {outcome.error}")
    return judge_word(expected, note, outcome, got)


def judge_word(expected, note, outcome, got):
    wants = expected.split("|")
    why = ""
    if any(w in DECRYPT_WORDS for w in wants):
        for want in [w for w in wants if w in DECRYPT_WORDS]:
            got, why = judge_decryption(want, note, outcome)
            if not why:
                break
    else:
        accepted = {a for w in wants for a in ACCEPTS.get(w, (w,))}
        if "good" in wants and is_good(outcome.report) and got == "warn":
            accepted.add("warn")
        if "good" in wants and "weak is acceptable" in note:
            accepted.add("weak")
        if "a mismatch report is right" in note:
            accepted.add("mismatch")
        if got not in accepted:
            why = f"reasons: {', '.join(reasons(outcome.report)) or 'none'}"
        elif "good" in wants:
            missing = [m for m in note_values(note, "marker") if not contains(outcome.body, m)]
            if missing:
                why = f"the marker “{missing[0]}” is not shown"
    if not why and not subject_fits(outcome.report, note):
        why = f"subject “{outcome.report.get('subject')}” is shown"
    if not why:
        hidden = quoted_never_shown(note, outcome.shown)
        why = f"“{hidden}” is shown" if hidden else ""
    return Judgement("other" if why else "exact", got, why)
