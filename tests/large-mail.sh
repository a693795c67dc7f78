# large-mail.sh - a letter larger than what a program may hold: signed, encrypted, decrypted and
# verified with little memory, the same octets at the end, and nothing of it when it was touched.
# LETTERLOCK_LARGE_MIB tells how much; LETTERLOCK_LARGE_TIMES=1 shows memory and time of each run.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
. "$top_srcdir/tests/people.sh"
need gpg gpgsm openssl python3
two_people g

: "${LETTERLOCK_LARGE_MIB:=48}"
KIB=$((32 * 1024)) # resident, at most
export TMPDIR=$T/spool
mkdir "$TMPDIR"

# Tools that watch memory use much of it themselves.
[ -z "${LETTERLOCK_SANITIZED:-}" ] || KIB=$((1024 * 1024))

# A letter with a large attachment in base64 between small parts; some of its lines begin with "--".
python3 - "$T/letter.eml" "$LETTERLOCK_LARGE_MIB" <<'PY'
import base64, random, sys
random.seed(1)
block = random.randbytes(57 * 1024)
lines = base64.encodebytes(block)
with open(sys.argv[1], "wb") as out:
    out.write(b"From: Alice <alice@example.org>\nTo: Bob <bob@example.org>\nSubject: large\n"
              b"Date: Sun, 22 Nov 2026 10:00:00 +0900\nMIME-Version: 1.0\n"
              b"Content-Type: multipart/mixed; boundary=\"=-b\"\n\n"
              b"--=-b\nContent-Type: text/plain\n\nSee what is attached.\n--\nAlice\n"
              b"--=-b\nContent-Type: application/octet-stream; name=big.bin\n"
              b"Content-Transfer-Encoding: base64\n\n")
    for _ in range(int(sys.argv[2]) * 1024 * 1024 // len(lines)):
        out.write(lines)
    out.write(b"--=-b\nContent-Type: text/plain\n\nThe end.\n--=-b--\n")
PY

# measured NAME ARGUMENT...: runs letterlock; its memory must stay small. Standard input is $in.
in=/dev/null
measured ()
{
  local name=$1 kib started
  shift
  started=$EPOCHREALTIME
  python3 "$top_srcdir/tests/measure.py" 600 "$T/rss" "$LETTERLOCK" "$@" <"$in" >"$T/out" 2>"$T/err"
  status=$?
  kib=$(cat "$T/rss")
  [ -z "${LETTERLOCK_LARGE_TIMES:-}" ] \
    || diag "$name: $kib KiB, $(bc <<<"$EPOCHREALTIME - $started") s, status $status"
  is "$name: status" "$status" "${want:-0}" || diag "$(cat "$T/err")"
  if [ "$kib" -le $KIB ]; then pass "$name: no more than $KIB KiB"
  else fail "$name: no more than $KIB KiB" "$kib KiB"; fi
}

# The attachment and the texts of a message, as one digest.
digest ()
{
  python3 - "$1" <<'PY'
import hashlib, sys
digest = hashlib.sha256()
with open(sys.argv[1], "rb") as file:
    for line in file:
        if line.strip() == b'--=-b':
            break
    for line in file:
        digest.update(line.rstrip(b"\r\n") + b"\n")
print(digest.hexdigest())
PY
}
expected=$(digest "$T/letter.eml")

# tamper FILE: changes one octet in the middle.
tamper ()
{
  python3 - "$1" <<'PY'
import os, sys
with open(sys.argv[1], "r+b") as file:
    at = os.path.getsize(sys.argv[1]) // 2
    file.seek(at)
    while True:
        octet = file.read(1)
        if octet.isalnum():
            break
    file.seek(-1, 1)
    file.write(b"A" if octet != b"A" else b"B")
PY
}

# seal NAME COMMAND ARGUMENT...: from a file to a file.
seal ()
{
  local name=$1
  shift
  rm -f "$T/sealed.eml"
  measured "$name" mail "$@" -o "$T/sealed.eml" "$T/letter.eml"
}

opened_is_same ()
{
  rm -f "$T/opened.eml"
  measured "$1: decrypt" mail decrypt -o "$T/opened.eml" "$T/sealed.eml"
  is "$1: it is the same" "$(digest "$T/opened.eml")" "$expected"
}

tampered_gives_nothing ()
{
  tamper "$T/sealed.eml"
  rm -f "$T/opened.eml"
  want=29 measured "$1: tampered: decrypt" mail decrypt -o "$T/opened.eml" "$T/sealed.eml"
  not_ok "$1: tampered: nothing comes out" [ -e "$T/opened.eml" ]
}

verified ()
{
  measured "$1: verify" mail verify "$T/sealed.eml"
  tamper "$T/sealed.eml"
  want=3 measured "$1: tampered: verify" mail verify "$T/sealed.eml"
}

for protocol in smime openpgp; do
  seal "$protocol signed" sign --$protocol
  verified "$protocol signed"
  seal "$protocol sealed" encrypt --$protocol $([ $protocol = openpgp ] || echo --aead)
  opened_is_same "$protocol sealed"
  measured "$protocol sealed: verify" mail verify "$T/sealed.eml"
  tampered_gives_nothing "$protocol sealed"
done

seal 'smime opaque' sign --smime --opaque
verified 'smime opaque'
seal 'smime opaque sealed' encrypt --smime --opaque
opened_is_same 'smime opaque sealed'

# through pipes
python3 - "$T/letter.eml" "$LETTERLOCK" "$T/piped.eml" <<'PY'
import subprocess, sys
with open(sys.argv[1], "rb") as letter, open(sys.argv[3], "wb") as out:
    cat = subprocess.Popen(["cat"], stdin=letter, stdout=subprocess.PIPE)
    subprocess.run([sys.argv[2], "mail", "encrypt", "--smime"], stdin=cat.stdout, stdout=out)
PY
in=$T/piped.eml
measured 'from standard input to standard output' mail decrypt
is 'from standard input to standard output: it is the same' "$(digest "$T/out")" "$expected"
in=/dev/null

# a disk without room says so, and leaves nothing
rm -f "$T/opened.eml"
TMPDIR=$T/none want=1 measured 'without room' mail decrypt -o "$T/opened.eml" "$T/piped.eml"
like 'without room: it is told' "$(cat "$T/err")" 'temporary file'
not_ok 'without room: nothing comes out' [ -e "$T/opened.eml" ]

measured 'show' mail show "$T/piped.eml"
like 'show: the attachment is named with its size' "$(cat "$T/out")" 'big.bin”, [0-9.]*.MB'
measured 'inspect' mail inspect "$T/piped.eml"
is 'nothing is left in the directory for temporary files' "$(ls "$TMPDIR")" ''
done_testing
