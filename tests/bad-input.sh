#!/bin/bash
# What bad input gets: a clear error, the right exit status, nothing half-written, no crash, no hang,
# less than 256 MiB (issue section 5; VM-08).
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"

MEMORY=$((256 * 1024)) # KiB
grep -q __asan_init "$LETTERLOCK" && MEMORY=$((16 * 1024 * 1024)) # the sanitizer takes its own
need gpg gpgsm openssl python3
. "$top_srcdir/tests/people.sh"
two_people g
M=$T

# gets WHAT STATUSES [TEXT-ON-STDERR] -- ARGUMENT...: runs letterlock on standard input and asserts
# the exit status (one of “41 61”), empty standard output, a message, memory and time.
gets() {
  local what=$1 statuses=$2 text=$3 status why=
  shift 4
  python3 "$top_srcdir/tests/measure.py" 60 "$M/rss" "$LETTERLOCK" "$@" >"$M/out" 2>"$M/err"
  status=$?
  case " $statuses " in *" $status "*) ;; *) why="exit status $status, not $statuses" ;; esac
  [ $status = 124 ] && why="it hangs"
  [ -s "$M/out" ] && why="$why; standard output has $(wc -c <"$M/out") octets"
  [ -s "$M/err" ] || why="$why; nothing on standard error"
  grep -q -e "$text" "$M/err" || why="$why; no “$text” on standard error"
  [ "$(cat "$M/rss")" -lt $MEMORY ] || why="$why; $(cat "$M/rss") KiB"
  grep -e 'Sanitizer' -e 'runtime error' -e 'CRITICAL' "$M/err" && why="$why; sanitizer"
  if [ -z "$why" ]; then
    pass "$what: $1 $2 answers $status"
  else
    echo "$why" >>"$M/err"
    fail "$what: $1 $2: $why" "$(cat "$M/err")"
  fi
}

# says WHAT STATUSES REASON -- ARGUMENT...: for verdicts, which are no errors: JSON on standard
# output with that reason, never good.
says() {
  local what=$1 statuses=$2 reason=$3 status why=
  shift 4
  python3 "$top_srcdir/tests/measure.py" 60 "$M/rss" "$LETTERLOCK" "$@" >"$M/out" 2>"$M/err"
  status=$?
  case " $statuses " in *" $status "*) ;; *) why="exit status $status, not $statuses" ;; esac
  [ $status = 41 ] || grep -q "\"$reason\"" "$M/out" || why="$why; no reason “$reason”"
  [ "$(cat "$M/rss")" -lt $MEMORY ] || why="$why; $(cat "$M/rss") KiB"
  grep -e 'Sanitizer' -e 'runtime error' -e 'CRITICAL' "$M/err" && why="$why; sanitizer"
  if [ -z "$why" ]; then
    pass "$what: $1 $2 answers $status"
  else
    cat "$M/out" >>"$M/err"
    fail "$what: $1 $2: $why" "$(cat "$M/err")"
  fi
}

header() {
  printf 'From: %s\r\nTo: %s\r\nSubject: bad input\r\nMIME-Version: 1.0\r\n' "$ALICE" "$BOB"
}


letter >"$M/letter.eml"

# ---- what is not there, or not a message -------------------------------------------------------

for verb in sign encrypt decrypt verify show inspect; do
  gets 'empty input' 41 '' -- mail $verb </dev/null
  gets 'a directory' 61 "$M" -- mail $verb "$M"
  gets 'a file that is not there' 61 nowhere -- mail $verb "$M/nowhere"
done

head -c 100000 /dev/urandom >"$M/noise"
printf '\0\0\0' | cat - "$M/noise" >"$M/noise0"
for verb in sign encrypt; do
  gets 'binary noise' 41 '' -- mail $verb "$M/noise0"
done
for verb in decrypt verify show inspect; do
  gets 'binary noise' 41 'no mail message' -- mail $verb "$M/noise0"
done

# ---- limits: the error tells the number --------------------------------------------------------

deep() { # 10,000 nested multiparts
  header
  python3 - <<'END'
import sys
w = sys.stdout.write
for i in range(10000):
    w(f'Content-Type: multipart/mixed; boundary="b{i}"\r\n\r\n--b{i}\r\n')
w("Content-Type: text/plain\r\n\r\nThe secret words.\r\n")
for i in reversed(range(10000)):
    w(f"--b{i}--\r\n")
END
}

wide() { # a million parts
  header
  printf 'Content-Type: multipart/mixed; boundary=b\r\n\r\n'
  yes -- $'--b\r\n\r\nx\r' | head -n 3000000
  printf -- '--b--\r\n'
}

huge_header() {
  printf 'Subject: '
  head -c 268435456 /dev/zero | tr '\0' a
}

many_fields() {
  header
  yes $'X-Again: and again\r' | head -n 30000
  printf '\r\nbody\r\n'
}

deep >"$M/deep.eml"
wide >"$M/wide.eml"
many_fields >"$M/fields.eml"
for verb in sign encrypt decrypt verify show inspect; do
  gets '10,000-deep nesting' 41 64 -- mail $verb "$M/deep.eml"
  gets 'a million-part multipart' 41 10000 -- mail $verb "$M/wide.eml"
  gets '30,000 header fields' 41 2000 -- mail $verb "$M/fields.eml"
done
for verb in decrypt verify; do
  gets 'a 256 MiB header' 41 '[0-9]' -- mail $verb < <(huge_header 2>/dev/null)
done
rm "$M/wide.eml"

# shows WHAT -- ARGUMENT...: for messages that can be read: an answer within the bounds.
shows() {
  local what=$1 why=
  shift 2
  python3 "$top_srcdir/tests/measure.py" 60 "$M/rss" "$LETTERLOCK" "$@" >"$M/out" 2>"$M/err"
  case $? in 0 | 3) ;; *) why="exit status" ;; esac
  [ -s "$M/out" ] || why="$why; nothing on standard output"
  [ "$(cat "$M/rss")" -lt $MEMORY ] || why="$why; $(cat "$M/rss") KiB"
  if [ -z "$why" ]; then pass "$what: $1 $2 stays within the bounds"; else
    fail "$what: $1 $2: $why" "$(head -c 2000 "$M/err")"
  fi
}

signed_in_signed() { # each covers all that is inside it
  header
  python3 - <<'END'
entity = "Content-Type: text/plain\r\n\r\n" + ("x" * 70 + "\r\n") * 200000
for i in range(40):
    entity = (f"Content-Type: multipart/signed; boundary=b{i}z\r\n\r\n--b{i}z\r\n{entity}\r\n--b{i}z\r\n"
              f"Content-Type: application/pgp-signature\r\n\r\nx\r\n--b{i}z--\r\n")
print(f"Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n{entity}\r\n--m--", end="\r\n")
END
}

long_text() { # TYPE PIECE: 60 MiB of it
  header
  printf 'Content-Type: %s; charset=utf-8\r\n\r\n' "$1"
  yes -- "$2" | tr -d '~\n' | tr '^' '\n' | head -c 60000000
}

signed_in_signed >"$M/nested.eml"
for verb in verify show; do
  shows 'signed parts in signed parts' -- mail $verb "$M/nested.eml"
done
rm "$M/nested.eml"
for piece in $'\001^' $'\377' $'\r-' '-----BEGIN PGP MESSAGE-----^'; do
  long_text text/plain "$piece" >"$M/long.eml"
  shows "60 MB of $(printf %q "$piece")" -- mail show "$M/long.eml"
  shows "60 MB of $(printf %q "$piece")" -- mail show --json "$M/long.eml"
done
long_text text/html '<b>&' >"$M/long.eml"
shows "60 MB of HTML" -- mail show "$M/long.eml"
"$LETTERLOCK" mail show "$M/long.eml" | tail -n 1 >"$M/last"
like "and it is told that there is more" "$(cat "$M/last")" '8\.0.MiB'
rm "$M/long.eml"

bombs() { # 40 small files, each with 1 GB in it
  header
  python3 - <<'END'
import base64, struct, zlib

def compressed(pieces):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b"\xa3\x01" + b"".join(packer.compress(piece) for piece in pieces) + packer.flush()

size = 1 << 30
literal = [b"\xcb\xff" + struct.pack(">I", size + 6) + b"b\0\0\0\0\0"] + [bytes(1 << 20)] * 1024
bomb = base64.encodebytes(compressed([compressed(literal)])).decode().replace("\n", "\r\n")
print("Content-Type: multipart/mixed; boundary=b\r\n\r")
for i in range(40):
    print(f"--b\r\nContent-Type: application/octet-stream; name=f{i}.gpg\r\n"
          f"Content-Transfer-Encoding: base64\r\n\r\n{bomb}\r")
print("--b--\r")
END
}

bombs >"$M/bombs.eml"
shows 'many compressed files of 1 GB' -- mail verify "$M/bombs.eml"

# ---- damaged on the way ------------------------------------------------------------------------

{
  header
  printf 'Content-Type: text/plain\r\n\r\nbefore\0after\r\n'
} >"$M/nul.eml"
{
  header
  printf 'Content-Type: text/plain\r\n\r\nbare\rcarriage return\r\n'
} >"$M/cr.eml"
{
  header
  printf 'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nno end\r\n'
} >"$M/unclosed.eml"
gets 'NUL octets' 41 '' -- mail sign "$M/nul.eml"
gets 'NUL octets' 41 '' -- mail encrypt "$M/nul.eml"
gets 'a missing closing boundary' 41 '' -- mail sign "$M/unclosed.eml"
for case in nul cr unclosed; do
  says "$case" 3 not-signed -- mail verify --json "$M/$case.eml"
done

for technology in openpgp smime; do
  "$LETTERLOCK" mail sign --$technology "$M/letter.eml" >"$M/signed.eml"
  "$LETTERLOCK" mail encrypt --$technology "$M/letter.eml" >"$M/sealed.eml"
  sed -E '/^--.*--\r?$/d' "$M/signed.eml" >"$M/open-ended.eml"
  says "$technology: a signed message without its closing boundary" 3 ambiguous-structure -- \
    mail verify --json "$M/open-ended.eml"
  head -c $(($(wc -c <"$M/sealed.eml") * 2 / 3)) "$M/sealed.eml" >"$M/cut.eml"
  gets "$technology: a truncated message" '29 41' '' -- mail decrypt "$M/cut.eml"
  awk '/^$|^\r$/ { body = 1 } body && length > 40 { gsub(/[A-Za-z]/, "*") } { print }' \
    "$M/sealed.eml" >"$M/corrupt.eml"
  gets "$technology: a corrupted base64 layer" '29 41' '' -- mail decrypt "$M/corrupt.eml"
done

# A CMS object cut anywhere: not one cut crashes, hangs or gives plaintext.
cms_cuts() {
  local kind=$1 verb=$2 step total failures=0 at status
  openssl base64 -d -in "$M/$kind.b64" -out "$M/$kind.der"
  total=$(wc -c <"$M/$kind.der")
  step=$((total / 60 + 1))
  for ((at = 0; at < total; at += step)); do
    {
      sed '/^\r*$/q' "$M/$kind.eml"
      head -c $at "$M/$kind.der" | base64
    } >"$M/cut.eml"
    python3 "$top_srcdir/tests/measure.py" 20 "$M/rss" "$LETTERLOCK" mail $verb "$M/cut.eml" \
      >"$M/out" 2>"$M/err"
    status=$?
    case $verb:$status in decrypt:29 | decrypt:41 | verify:3 | verify:41) ;; *)
      diag "cut at $at of $total: exit status $status" >&2
      failures=$((failures + 1))
      ;;
    esac
    grep -q 'secret words' "$M/out" && failures=$((failures + 1))
  done
  echo $failures
}
"$LETTERLOCK" mail sign --smime --opaque "$M/letter.eml" >"$M/opaque.eml"
"$LETTERLOCK" mail encrypt --smime --no-sign "$M/letter.eml" >"$M/cbc.eml"
"$LETTERLOCK" mail encrypt --smime --no-sign --aead "$M/letter.eml" >"$M/gcm.eml"
for kind in opaque cbc gcm; do
  sed '1,/^\r*$/d' "$M/$kind.eml" >"$M/$kind.b64"
done
is 'opaque signed CMS, cut anywhere, is never good and never a crash' \
  "$(cms_cuts opaque verify)" 0
is 'CBC ciphertext, cut anywhere, yields nothing' "$(cms_cuts cbc decrypt)" 0
is 'GCM ciphertext, cut anywhere, yields nothing' "$(cms_cuts gcm decrypt)" 0

# ---- output that cannot be written -------------------------------------------------------------

"$LETTERLOCK" mail encrypt --openpgp "$M/letter.eml" >"$M/sealed.eml"
for verb in sign encrypt; do
  "$LETTERLOCK" mail $verb "$M/letter.eml" >/dev/full 2>"$M/err"
  is "a full output: mail $verb answers 1" $? 1
  like "a full output: mail $verb says so" "$(cat "$M/err")" .
done
"$LETTERLOCK" mail decrypt "$M/sealed.eml" >/dev/full 2>"$M/err"
is 'a full output: mail decrypt answers 1' $? 1
gets 'an output in no directory' 1 nowhere -- mail decrypt -o "$M/nowhere/x" "$M/sealed.eml"
echo precious >"$M/there"
gets 'an output that exists' 59 there -- mail decrypt -o "$M/there" "$M/sealed.eml"
is 'an output that exists is left alone' "$(cat "$M/there")" precious

{
  header
  printf 'Content-Type: text/plain\r\n\r\n'
  yes $'a line that fills a pipe\r' | head -n 40000
} >"$M/long.eml"
closed_pipe() {
  { "$LETTERLOCK" mail sign "$M/long.eml" 2>"$M/err"; echo $? >"$M/status"; } | true
  cat "$M/status"
}
is 'a closed pipe: mail sign answers 1 and is not killed' "$(closed_pipe)" 1

# ---- passphrases and gpg-agent -----------------------------------------------------------------

two_people p protected
printf 'max-cache-ttl 0\ndefault-cache-ttl 0\n' >>"$GNUPGHOME/gpg-agent.conf"
# One more thing that this pinentry can be told to do: end the agent that asks.
sed -i 's/!gone) exit 1/!kill) kill -9 $PPID; exit 1 ;; !gone) exit 1/' "$GNUPGHOME/pinentry"
# And another: find that there is no terminal to ask on.
sed -i 's/!gone) exit 1/!terminal) echo "ERR 83918950 Inappropriate ioctl for device <Pinentry>" ;; &/' \
  "$GNUPGHOME/pinentry"
for technology in openpgp smime; do
  "$LETTERLOCK" mail encrypt --$technology --no-sign "$M/letter.eml" >"$M/locked-$technology.eml"
done
gpgconf --kill gpg-agent
for technology in openpgp smime; do
  for does in '!cancel' 'not the passphrase' '!gone' '!terminal' '!kill'; do
    echo "$does" >"$GNUPGHOME/answer"
    gets "$technology: pinentry: ${does#!}" 67 '' -- mail decrypt "$M/locked-$technology.eml"
    gets "$technology: pinentry: ${does#!}" 67 '' -- mail sign --$technology "$M/letter.eml"
    gpgconf --kill gpg-agent
  done
done

# An agent that cannot be started: something else has its place.
echo "$PASSPHRASE" >"$GNUPGHOME/answer"
gpgconf --kill gpg-agent
socket=$(gpgconf --list-dirs agent-socket)
rm -f "$socket"
mkdir "$socket"
: >"$socket/taken" # gpg-agent clears away what is empty
for technology in openpgp smime; do
  gets "$technology: no gpg-agent" 67 '' -- mail decrypt "$M/locked-$technology.eml"
  gets "$technology: no gpg-agent" '67 79' '' -- mail sign --$technology "$M/letter.eml"
done
rm -r "$socket"

# ---- what may be read but not written, and what may not be read ---------------------------------

# as_somebody COMMAND...: not as root, who may write everywhere.
as_somebody() {
  if [ "$(id -u)" = 0 ]; then
    setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
  else
    "$@"
  fi
}

chmod 711 "$M"
printf "#!/bin/sh\n" >"$M/probe"
chmod 755 "$M/probe"
if as_somebody env "$LETTERLOCK" --version >/dev/null 2>&1 && as_somebody env "$M/probe" 2>/dev/null; then
  use_home g
  for technology in openpgp smime; do
    "$LETTERLOCK" mail sign --$technology "$M/letter.eml" >"$M/signed-$technology.eml"
    "$LETTERLOCK" mail encrypt --$technology "$M/letter.eml" >"$M/sealed-$technology.eml"
  done
  gpgconf --kill all
  cp -a "$GNUPGHOME" "$M/ro"
  rm -f "$M"/ro/S.*
  : >"$M/unreadable.eml"
  [ "$(id -u)" != 0 ] || chown -R 65534:65534 "$M/ro" "$M/unreadable.eml"
  chmod -R a-w "$M/ro"
  chmod 000 "$M/unreadable.eml"
  cat >"$M/as-somebody" <<END
#!/bin/sh
# letterlock with a home that can only be read
exec env GNUPGHOME='$M/ro' HOME='$M/ro' XDG_CONFIG_HOME='$M/ro/c' XDG_DATA_HOME='$M/ro/d' \\
  '$LETTERLOCK' "\$@"
END
  chmod 755 "$M/as-somebody"
  somebody() { as_somebody "$M/as-somebody" "$@" >"$M/out" 2>"$M/err"; }

  somebody mail verify --json "$M/signed-openpgp.eml"
  is 'a read-only home: an OpenPGP signature can be checked' $? 0
  somebody mail verify --json "$M/signed-smime.eml"
  is 'a read-only home: an S/MIME signature is not good, as gpgsm cannot work' $? 3
  for technology in openpgp smime; do
    for what in "decrypt $M/sealed-$technology.eml" "sign --$technology $M/letter.eml"; do
      # shellcheck disable=SC2086 # these are words
      somebody mail $what
      status=$?
      like "a read-only home: $technology: mail ${what%% *} fails as it should" "$status" \
        '^(1|29|67|79)$'
      is "a read-only home: $technology: mail ${what%% *} writes nothing" "$(cat "$M/out")" ''
      like "a read-only home: $technology: mail ${what%% *} says why" "$(cat "$M/err")" letterlock:
    done
  done
  somebody mail verify "$M/unreadable.eml"
  is 'a file that may not be read' $? 61
  like 'a file that may not be read is named' "$(cat "$M/err")" unreadable.eml
  chmod -R u+w "$M/ro"
else
  skip 'a read-only home' 'another user cannot run the program from here'
fi
done_testing
