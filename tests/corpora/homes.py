"""A throw-away GnuPG home for one set of keys, and the program run inside it.

What enters: the key files that a case names, and the passphrases that the family's ORIGIN tells.
What leaves: a Home in which commands run, with its file of trust anchors.
What it does not do: touch the user's own home, or fetch anything.

OpenPGP keys are imported and given ultimate ownertrust: the corpora say which keys the user has
decided to trust. Of the certificates, those that signed themselves become the trust anchors; the
others go into gpgsm's keybox, and private keys into gpg-agent, both by "letterlock key import".
"""

import base64
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading

PASSPHRASE = "letterlock"
TIME_LIMIT = 30  # seconds for one command: more is a hang

PINENTRY = """#!/bin/sh
# A stand-in for pinentry in tests: gives one fixed passphrase and agrees to everything.
echo "OK fake pinentry for tests"
while read -r command rest; do
  case $command in
    GETPIN) echo "D %s"; echo OK ;;
    BYE) echo OK; exit 0 ;;
    *) echo OK ;;
  esac
done
""" % PASSPHRASE


class HomeError(Exception):
    """The case cannot be set up: the corpus, or a tool, is not as expected."""


class Result:
    """What one command did."""

    def __init__(self, status, out, err, timed_out):
        self.status, self.out, self.err, self.timed_out = status, out, err, timed_out

    def crash(self):
        """Why this is a crash, or "": a signal, a sanitizer's report, a hang."""
        text = self.err.decode("utf-8", "replace")
        if self.timed_out:
            return f"no answer within {TIME_LIMIT} s"
        if self.status < 0:
            return f"signal {-self.status}"
        if self.status >= 128 and self.status != 130:
            return f"exit status {self.status}"
        for mark in ("AddressSanitizer", "LeakSanitizer", "runtime error:", "-CRITICAL **"):
            if mark in text:
                line = next(line for line in text.splitlines() if mark in line)
                return line.strip()[:200]
        return ""


def run_command(argv, env, stdin=None, limit=None):
    limit = limit or TIME_LIMIT
    process = subprocess.Popen(
        argv,
        env=env,
        stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(stdin, timeout=limit)
        return Result(process.returncode, out, err, False)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        return Result(process.returncode, out, err, True)


def pem_blocks(data):
    """[(label, PEM text)] of a file, DER certificates turned into PEM."""
    text = data.decode("latin-1")
    blocks = re.findall(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", text, re.S)
    if blocks:
        found = re.finditer(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", text, re.S)
        return [(m.group(1), m.group(0) + "\n") for m in found]
    return [("DER", data)]


class Home:
    """One GNUPGHOME; close() ends its agents and removes it."""

    def __init__(self, program):
        self.program = program
        self.root = tempfile.mkdtemp(prefix="ll-", dir="/tmp")
        self.gnupg = os.path.join(self.root, "g")
        self.anchors = None
        self.lock = threading.Lock()
        os.mkdir(self.gnupg, 0o700)
        self.env = self.environment()
        self.write_settings()

    def environment(self):
        keep = ("PATH", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "G_DEBUG")
        env = {k: os.environ[k] for k in keep if k in os.environ}
        env.update(
            HOME=self.root,
            GNUPGHOME=self.gnupg,
            XDG_CONFIG_HOME=os.path.join(self.root, "config"),
            XDG_DATA_HOME=os.path.join(self.root, "data"),
            LC_ALL="C.UTF-8",
            TZ="UTC",
        )
        return env

    def write_settings(self):
        pinentry = os.path.join(self.root, "fake-pinentry")
        with open(pinentry, "w", encoding="ascii") as file:
            file.write(PINENTRY)
        os.chmod(pinentry, 0o700)
        # each case by itself: what one message teaches is not to help with the next
        os.makedirs(self.path("config/letterlock"))
        with open(self.path("config/letterlock/letterlock.conf"), "w", encoding="ascii") as file:
            file.write("[smime]\nlearn = false\n")
        settings = {
            "gpg-agent.conf": f"pinentry-program {pinentry}\nallow-loopback-pinentry\n"
            "s2k-count 65536\nmax-cache-ttl 9999\ndefault-cache-ttl 9999\n",
            "gpg.conf": "no-auto-check-trustdb\nno-auto-key-retrieve\n",
            "gpgsm.conf": "disable-crl-checks\ndisable-dirmngr\n",
            "dirmngr.conf": "disable-http\ndisable-ldap\n",
        }
        for name, text in settings.items():
            with open(os.path.join(self.gnupg, name), "w", encoding="utf-8") as file:
                file.write(text)

    def path(self, name):
        return os.path.join(self.root, name)

    def tool(self, *argv, stdin=None, check=True):
        result = run_command(list(argv), self.env, stdin, 60)
        if check and (result.status != 0 or result.timed_out):
            text = result.err.decode("utf-8", "replace").strip().splitlines()
            raise HomeError(f"{' '.join(argv[:4])}: {text[-1] if text else result.status}")
        return result

    def letterlock(self, *arguments):
        return run_command([self.program, *arguments], self.env)

    # ---- keys --------------------------------------------------------------------------------

    def import_keys(self, files, passphrases):
        """`files`: paths; OpenPGP keys and certificates may be mixed."""
        openpgp = [f for f in files if self.is_openpgp(f)]
        agent_keys = [f for f in files if f.endswith(".key") and self.is_agent_key(f)]
        rest = [f for f in files if f not in openpgp and f not in agent_keys]
        if openpgp:
            self.import_openpgp(openpgp, passphrases)
        if agent_keys:
            folder = os.path.join(self.gnupg, "private-keys-v1.d")
            os.makedirs(folder, 0o700, exist_ok=True)
            for file in agent_keys:
                shutil.copy(file, folder)
        if rest:
            self.import_x509(rest, passphrases, with_roots=bool(agent_keys))

    @staticmethod
    def read(file):
        with open(file, "rb") as stream:
            return stream.read()

    def is_openpgp(self, file):
        data = self.read(file)
        if b"-----BEGIN PGP" in data:
            return True
        return file.endswith((".gpg", ".pgp")) and data[:1] >= b"\x80"

    def is_agent_key(self, file):
        return self.read(file).startswith((b"(", b"Key:", b"Created:"))

    def import_openpgp(self, files, passphrases):
        for file in files:
            self.tool(
                "gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase",
                passphrases[0] if passphrases else "", "--import", file, check=False,
            )  # fmt: skip
        listing = self.tool("gpg", "--batch", "--with-colons", "--list-keys").out.decode("latin-1")
        trust, primary = [], False
        for line in listing.splitlines():
            fields = line.split(":")
            if fields[0] == "pub":
                primary = True
            elif fields[0] == "fpr" and primary:
                trust.append(f"{fields[9]}:6:\n")
                primary = False
        self.tool("gpg", "--batch", "--import-ownertrust", stdin="".join(trust).encode())
        self.tool("gpg", "--batch", "--check-trustdb", check=False)

    def import_x509(self, files, passphrases, with_roots=False):
        """`with_roots`: also into the keybox, since one of them may belong to a private key."""
        certificates, keys = [], []
        for file in files:
            for label, text in pem_blocks(self.read(file)):
                if label.endswith("CERTIFICATE"):
                    certificates.append(text)
                elif label.endswith("PRIVATE KEY"):
                    keys.append(text)
                elif label == "PKCS12":
                    body = "".join(text.splitlines()[1:-1]).encode()
                    self.unpack_pkcs12(base64.b64decode(body), passphrases, certificates, keys)
                elif label == "DER" and file.endswith((".p12", ".pfx")):
                    self.unpack_pkcs12(text, passphrases, certificates, keys)
                elif label == "DER":
                    out = self.tool("openssl", "x509", "-inform", "DER", stdin=text).out
                    certificates.append(out.decode("ascii"))
        self.write_anchors(certificates)
        for number, key in enumerate(keys):
            self.import_pair(number, key, certificates, passphrases)
        others = [c for c in certificates if with_roots or not self.is_self_signed(c)]
        if others:
            self.import_file("others.pem", "".join(others).encode("ascii"))

    def unpack_pkcs12(self, data, passphrases, certificates, keys):
        for passphrase in ["", *passphrases]:
            result = self.tool(
                "openssl", "pkcs12", "-legacy", "-nodes", "-passin", f"pass:{passphrase}",
                stdin=data, check=False,
            )  # fmt: skip
            if result.status == 0:
                for label, text in pem_blocks(result.out):
                    (keys if label.endswith("PRIVATE KEY") else certificates).append(text)
                return
        raise HomeError("no passphrase of ORIGIN opens a PKCS#12 file")

    def is_self_signed(self, certificate):
        out = self.tool(
            "openssl", "x509", "-noout", "-issuer_hash", "-subject_hash", stdin=certificate.encode()
        ).out.split()
        return out[0] == out[1]

    def write_anchors(self, certificates):
        anchors = [c for c in certificates if self.is_self_signed(c)]
        if anchors:
            self.anchors = self.path("anchors.pem")
            with open(self.anchors, "w", encoding="ascii") as file:
                file.write("".join(anchors))

    def import_pair(self, number, key, certificates, passphrases):
        plain = None
        for passphrase in ["", *passphrases]:
            result = self.tool(
                "openssl", "pkey", "-passin", f"pass:{passphrase}", stdin=key.encode(), check=False
            )
            if result.status == 0:
                plain = result.out
                break
        if plain is None:
            raise HomeError("no passphrase of ORIGIN opens a private key")
        public = self.tool("openssl", "pkey", "-pubout", stdin=plain).out
        for certificate in certificates:
            mine = self.tool("openssl", "x509", "-noout", "-pubkey", stdin=certificate.encode()).out
            if mine == public:
                break
        else:
            raise HomeError("a private key without its certificate")
        pair, out = self.path("pair.pem"), self.path(f"pair{number}.p12")
        with open(os.open(pair, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(plain + certificate.encode())
        self.tool(
            "openssl", "pkcs12", "-export", "-in", pair, "-out", out, "-passout",
            f"pass:{PASSPHRASE}",
        )  # fmt: skip
        os.unlink(pair)
        self.check_import(self.letterlock("key", "import", out), out)

    def import_file(self, name, data):
        file = self.path(name)
        with open(file, "wb") as stream:
            stream.write(data)
        self.check_import(self.letterlock("key", "import", file), file)

    def check_import(self, result, file):
        if result.status != 0:
            text = result.err.decode("utf-8", "replace").strip()
            raise HomeError(f"letterlock key import {os.path.basename(file)}: {text}")

    def close(self):
        self.tool("gpgconf", "--kill", "all", check=False)
        shutil.rmtree(self.root, ignore_errors=True)
