# lib.sh - what shell tests stand on. Source it first:
#
#   . "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
#   new_home
#   openpgp_key alice@example.org
#   ok "gpg knows alice" gpg -k alice@example.org
#   done_testing
#
# In: bash, the built program in $LETTERLOCK (build/src/letterlock when a test is run by hand).
# Out: TAP on standard output. Everything a test makes lives in $T, a directory of its own under
# /tmp with a short name (sockets have a limit of 108 octets); at the end its agents are ended and
# it is removed. It never looks at the GnuPG home, settings or language of whoever runs it.
# It does not stop at the first failure: a test says all it knows.

top_srcdir=$(cd "${top_srcdir:-$(dirname "${BASH_SOURCE[0]}")/..}" && pwd) || exit 99
: "${top_builddir:=$top_srcdir/build}"
: "${LETTERLOCK:=$top_builddir/src/letterlock}"
: "${LETTERLOCK_CORPORA:=$top_srcdir/../shared/corpora}"

T=$(mktemp -d /tmp/ll-XXXXXX) || exit 99
export HOME=$T/h XDG_CONFIG_HOME=$T/h/.config XDG_DATA_HOME=$T/h/.local/share
export XDG_CACHE_HOME=$T/h/.cache LC_ALL=C.UTF-8 LANGUAGE= TZ=UTC
unset GNUPGHOME GPG_TTY DISPLAY WAYLAND_DISPLAY LETTERLOCK_CONFIG
mkdir -m 700 "$T/h"
PASSPHRASE=correct-horse

# --- counting ------------------------------------------------------------------------------------

_count=0 _failed=0 _planned=

plan ()
{
  _planned=$1
  echo "1..$1"
}

diag ()
{
  sed 's/^/# /' <<<"$*"
}

pass ()
{
  echo "ok $((++_count)) - $1"
}

fail ()
{
  echo "not ok $((++_count)) - $1"
  _failed=$((_failed + 1))
  [ $# -lt 2 ] || diag "$2"
  return 1
}

# skip NAME REASON
skip ()
{
  echo "ok $((++_count)) - $1 # SKIP $2"
}

# The whole file makes no sense here.
skip_all ()
{
  echo "1..0 # SKIP $1"
  exit 0
}

# need PROGRAM...: skips the file when one is not installed.
need ()
{
  local program
  for program; do
    command -v "$program" >/dev/null || skip_all "$program is not installed"
  done
}

# ok NAME COMMAND...: the command succeeds. What it printed is shown when it does not.
ok ()
{
  local name=$1 said
  shift
  if said=$("$@" 2>&1); then pass "$name"; else fail "$name" "exit $? from: $*
$said"; fi
}

# not_ok NAME COMMAND...: the command fails.
not_ok ()
{
  local name=$1 said
  shift
  if said=$("$@" 2>&1); then fail "$name" "succeeded: $*
$said"; else pass "$name"; fi
}

# is NAME GOT EXPECTED: the same text.
is ()
{
  if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "got:      $2
expected: $3"; fi
}

isnt ()
{
  if [ "$2" != "$3" ]; then pass "$1"; else fail "$1" "got what should not be: $2"; fi
}

# like NAME TEXT REGEX: an extended regular expression, lines are one text.
like ()
{
  if [[ $2 =~ $3 ]]; then pass "$1"; else fail "$1" "text:
$2
does not match: $3"; fi
}

unlike ()
{
  if [[ $2 =~ $3 ]]; then fail "$1" "text:
$2
matches: $3"; else pass "$1"; fi
}

# same NAME FILE FILE: byte for byte.
same ()
{
  ok "$1" cmp "$2" "$3"
}

done_testing ()
{
  [ -n "$_planned" ] || echo "1..$_count"
  [ "$_failed" -eq 0 ]
  exit
}

# --- the way out ---------------------------------------------------------------------------------

_homes=()

_cleanup ()
{
  local home
  for home in "${_homes[@]}"; do
    GNUPGHOME=$home gpgconf --kill all 2>/dev/null
  done
  # A daemon may still be removing its socket.
  rm -rf "$T" 2>/dev/null || { sleep 0.3; chmod -R u+rwX "$T" 2>/dev/null; rm -rf "$T"; }
}
trap _cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# --- GnuPG homes ---------------------------------------------------------------------------------

# new_home [NAME]: a fresh GnuPG home, in $GNUPGHOME from here on. Its pinentry is a script that
# answers with the contents of $GNUPGHOME/answer: a passphrase, "!cancel", or "!gone" (it dies);
# each time it is asked, a line goes to $GNUPGHOME/asked. gpgsm asks nobody about revocation.
new_home ()
{
  export GNUPGHOME=$T/${1:-g}
  mkdir -m 700 -p "$GNUPGHOME"
  _homes+=("$GNUPGHOME")
  echo "$PASSPHRASE" >"$GNUPGHOME/answer"
  : >"$GNUPGHOME/asked"
  _write_pinentry >"$GNUPGHOME/pinentry"
  chmod 700 "$GNUPGHOME/pinentry"
  cat >"$GNUPGHOME/gpg-agent.conf" <<END
pinentry-program $GNUPGHOME/pinentry
allow-loopback-pinentry
disable-scdaemon
END
  printf 'disable-dirmngr\ndisable-crl-checks\n' >"$GNUPGHOME/gpgsm.conf"
  printf 'disable-dirmngr\ntrust-model pgp\n' >"$GNUPGHOME/gpg.conf"
}

# Another home from new_home that is there already.
use_home ()
{
  export GNUPGHOME=$T/$1
}

_write_pinentry ()
{
  cat <<END
#!/bin/sh
echo "OK ready"
while read -r verb rest; do
  answer=\$(cat '$GNUPGHOME/answer')
  case \$verb in
    GETPIN)
      echo getpin >>'$GNUPGHOME/asked'
      case \$answer in
        !cancel) echo "ERR 83886179 Operation cancelled <Pinentry>" ;;
        !gone) exit 1 ;;
        *) echo "D \$answer"; echo OK ;;
      esac ;;
    CONFIRM|MESSAGE) echo confirm >>'$GNUPGHOME/asked'; echo OK ;;
    GETINFO) echo "D \$\$"; echo OK ;;
    BYE) echo OK; exit 0 ;;
    *) echo OK ;;
  esac
done
END
}

# How often somebody was asked since the last call.
times_asked ()
{
  wc -l <"$GNUPGHOME/asked" | tr -d ' '
  : >"$GNUPGHOME/asked"
}

# Forgets cached passphrases.
forget_passphrases ()
{
  gpg-connect-agent -q reloadagent /bye >/dev/null 2>&1
}

# --- OpenPGP -------------------------------------------------------------------------------------

# openpgp_key ADDRESS [KIND [NAME]]: an unprotected key, KIND is ed25519 (default), rsa3072 or
# protected (ed25519 with $PASSPHRASE). Sets $FPR.
openpgp_key ()
{
  local address=$1 kind=${2:-ed25519} name=${3:-} protection='%no-protection' keys
  [ "$kind" != protected ] || protection="Passphrase: $PASSPHRASE"
  case $kind in
    rsa3072) keys='Key-Type: RSA
Key-Length: 3072
Key-Usage: cert sign
Subkey-Type: RSA
Subkey-Length: 3072
Subkey-Usage: encrypt' ;;
    *) keys='Key-Type: EDDSA
Key-Curve: ed25519
Key-Usage: cert sign
Subkey-Type: ECDH
Subkey-Curve: cv25519
Subkey-Usage: encrypt' ;;
  esac
  gpg --batch --quiet --pinentry-mode loopback --generate-key 2>"$T/keygen.err" <<END || { cat "$T/keygen.err" >&2; return 1; }
$keys
$protection
${name:+Name-Real: $name}
Name-Email: $address
Expire-Date: ${KEY_EXPIRES:-0}
%commit
END
  FPR=$(openpgp_fingerprint "$address")
}

# The fingerprint of the newest key with this address.
openpgp_fingerprint ()
{
  gpg --batch --with-colons --list-keys "=<$1>" "$1" 2>/dev/null \
    | awk -F: '$1 == "pub" { p = 1 } $1 == "fpr" && p { f = $10; p = 0 } END { print f }'
}

# openpgp_give ADDRESS HOME: copies a public key from this home to another.
openpgp_give ()
{
  gpg --batch --quiet --armor --export "$1" | GNUPGHOME=$T/$2 gpg --batch --quiet --import
}

# openpgp_trust ADDRESS [LEVEL]: owner trust, 6 (ultimate) by default.
openpgp_trust ()
{
  echo "$(openpgp_fingerprint "$1"):${2:-6}:" | gpg --batch --quiet --import-ownertrust 2>/dev/null
}

# --- certificates --------------------------------------------------------------------------------

_new_private_key ()
{
  case $1 in
    rsa|rsa3072) openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 2>/dev/null ;;
    rsa2048) openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 2>/dev/null ;;
    p256) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 ;;
    p384) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 ;;
    p521) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 ;;
    brainpool*) openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$1" ;;
    pss*) openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 2>/dev/null ;;
    ed25519|x25519) openssl genpkey -algorithm "$1" ;;
    *) echo "no such kind of key: $1" >&2; return 1 ;;
  esac
}

_write_ca_config ()
{
  cat <<END
[ca]
default_ca = this
[this]
dir = $1
database = $1/index
serial = $1/serial
crlnumber = $1/crlnumber
new_certs_dir = $1
certificate = $T/$2.crt
private_key = $T/$2.key
default_md = sha256
default_crl_days = 30
unique_subject = no
copy_extensions = none
policy = any
[any]
countryName = optional
organizationName = optional
commonName = optional
emailAddress = optional
END
}

# make_ca NAME [KIND]: a self-signed root, valid 2020 to 2049: $T/NAME.crt and $T/NAME.key.
make_ca ()
{
  local name=$1 dir=$T/$1.ca
  mkdir -p "$dir"
  : >"$dir/index"
  echo 01 >"$dir/crlnumber"
  _write_ca_config "$dir" "$name" >"$dir/conf"
  _new_private_key "${2:-p256}" >"$T/$name.key" || return 1
  openssl req -new -key "$T/$name.key" -subj "/O=Letterlock Test/CN=Test CA $name" -out "$dir/csr" \
    || return 1
  _sign_certificate "$name" "$name" "$dir/csr" -selfsign <<END
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
END
}

# make_cert NAME CA ADDRESS [KIND]: a leaf for mail: $T/NAME.crt and $T/NAME.key, and NAME.p12 with
# $PASSPHRASE. KIND: rsa3072 (default), rsa2048, p256, p384, p521, brainpoolP256r1 ..., pss,
# ed25519, x25519. What can be bent, by variables:
# CERT_KU, CERT_EKU, CERT_SAN, CERT_SUBJECT ("-" leaves the extension out), CERT_FROM, CERT_TO
# (YYYYMMDDHHMMSSZ), CERT_EXTRA (more extension lines), CERT_BASIC.
make_cert ()
{
  local name=$1 ca=$2 address=$3 kind=${4:-rsa3072} usage=digitalSignature,keyEncipherment
  case $kind in
    pss|ed25519) usage=digitalSignature ;;
    x25519) usage=keyAgreement ;;
    p*|brainpool*) usage=digitalSignature,keyAgreement ;;
  esac
  _new_private_key "$kind" >"$T/$name.key" || return 1
  [ "$kind" = x25519 ] || openssl req -new -utf8 -key "$T/$name.key" \
    -subj "${CERT_SUBJECT:-/O=Letterlock Test/CN=$name}" -out "$T/$name.csr" || return 1
  {
    echo "basicConstraints = ${CERT_BASIC:-critical, CA:FALSE}"
    [ "${CERT_KU:-}" = - ] || echo "keyUsage = critical, ${CERT_KU:-$usage}"
    [ "${CERT_EKU:-}" = - ] || echo "extendedKeyUsage = ${CERT_EKU:-emailProtection}"
    [ "${CERT_SAN:-}" = - ] || echo "subjectAltName = ${CERT_SAN:-email:$address}"
    echo "subjectKeyIdentifier = hash"
    echo "authorityKeyIdentifier = keyid"
    [ -z "${CERT_EXTRA:-}" ] || echo "$CERT_EXTRA"
  } >"$T/$name.ext"
  if [ "$kind" = x25519 ]; then _sign_unsigned "$name" "$ca"; else
    _sign_certificate "$name" "$ca" "$T/$name.csr" <"$T/$name.ext"; fi || return 1
  _make_p12 "$name"
}

_make_p12 ()
{
  openssl pkcs12 -export -legacy -name "$1" -inkey "$T/$1.key" -in "$T/$1.crt" \
    -passout "pass:$PASSPHRASE" -out "$T/$1.p12"
}

# A key that cannot sign its request: the authority asks for it. Valid from now for a year.
_sign_unsigned ()
{
  openssl req -new -key "$T/$2.key" -subj "/O=Letterlock Test/CN=$1" -out "$T/$1.csr" || return 1
  openssl pkey -in "$T/$1.key" -pubout -out "$T/$1.pub" || return 1
  openssl x509 -req -in "$T/$1.csr" -force_pubkey "$T/$1.pub" -CA "$T/$2.crt" -CAkey "$T/$2.key" \
    -days 365 -extfile "$T/$1.ext" -out "$T/$1.crt" 2>"$T/ca.err" || { cat "$T/ca.err" >&2; return 1; }
}

# Extensions come on standard input.
_sign_certificate ()
{
  local name=$1 ca=$2 csr=$3
  shift 3
  cat >"$T/$ca.ca/ext"
  openssl ca -batch -notext -rand_serial -config "$T/$ca.ca/conf" -extfile "$T/$ca.ca/ext" \
    -startdate "${CERT_FROM:-20200101000000Z}" -enddate "${CERT_TO:-20491231235959Z}" \
    -in "$csr" -keyfile "$T/$ca.key" "$@" -out "$T/$name.crt" 2>"$T/ca.err" \
    || { cat "$T/ca.err" >&2; return 1; }
}

# revoke_cert NAME CA, make_crl CA: $T/CA.crl, PEM.
revoke_cert ()
{
  openssl ca -config "$T/$2.ca/conf" -revoke "$T/$1.crt" 2>"$T/ca.err"
}

make_crl ()
{
  openssl ca -config "$T/$1.ca/conf" -gencrl -out "$T/$1.crl" 2>"$T/ca.err"
}

# smime_cert NAME: puts the certificate alone into gpgsm's keybox.
smime_cert ()
{
  gpgsm --batch --quiet --import "$T/$1.crt" 2>"$T/gpgsm.err" || { cat "$T/gpgsm.err" >&2; return 1; }
}

# smime_key NAME: certificate and private key, the key unprotected. RSA goes the way people go, by
# PKCS#12; gpgsm 2.2 cannot read one with an EC key, so that one is laid into the agent's directory.
smime_key ()
{
  smime_cert "$1" || return 1
  _agent_key_file "$T/$1.key" "$(smime_keygrip "$1")"
}

# smime_p12 NAME: certificate and private key by gpgsm's import of PKCS#12 (RSA only); the key is
# then protected with $PASSPHRASE, which the pinentry of this home answers.
smime_p12 ()
{
  local try
  # One file in a hundred that openssl writes is too much for gpgsm 2.2; with another salt it is not.
  for try in 1 2 3 4 5; do
    gpgsm --batch --quiet --pinentry-mode loopback --passphrase-fd 0 --import "$T/$1.p12" \
      <<<"$PASSPHRASE" 2>"$T/gpgsm.err" && return
    _make_p12 "$1"
  done
  cat "$T/gpgsm.err" >&2
  return 1
}

# The certificate's SHA-1 fingerprint, upper-case hex without colons: how gpgsm names it.
smime_fingerprint ()
{
  openssl x509 -in "$T/$1.crt" -noout -fingerprint -sha1 | sed 's/.*=//; s/://g'
}

smime_keygrip ()
{
  gpgsm --batch --with-colons --with-keygrip --list-keys "$(smime_fingerprint "$1")" 2>/dev/null \
    | awk -F: '$1 == "grp" { print $10; exit }'
}

# smime_trust CA [FLAGS]: its certificate into the keybox and its fingerprint into trustlist.txt.
smime_trust ()
{
  smime_cert "$1" || return 1
  echo "$(smime_fingerprint "$1") S ${2:-relax}" >>"$GNUPGHOME/trustlist.txt"
  gpg-connect-agent -q reloadagent /bye >/dev/null 2>&1
}

# Writes an unprotected PEM key as the agent's own file for this keygrip.
_agent_key_file ()
{
  mkdir -m 700 -p "$GNUPGHOME/private-keys-v1.d"
  openssl pkey -in "$1" -noout -text | python3 "$top_srcdir/tests/agent-key.py" \
    >"$GNUPGHOME/private-keys-v1.d/$2.key"
}

# --- the program ---------------------------------------------------------------------------------

# run_letterlock ARGUMENT...: standard output in $OUT, standard error in $ERR (files), the exit
# status in $STATUS. Never waits for more than two minutes. LETTERLOCK_WRAPPER goes in front
# (valgrind).
run_letterlock ()
{
  OUT=$T/out ERR=$T/err
  timeout "${LETTERLOCK_TIMEOUT:-120}" ${LETTERLOCK_WRAPPER:-} "$LETTERLOCK" "$@" >"$OUT" 2>"$ERR"
  STATUS=$?
}

# exits NAME STATUS ARGUMENT...: run_letterlock answers with this status.
exits ()
{
  local name=$1 expected=$2
  shift 2
  run_letterlock "$@"
  if [ "$STATUS" -eq "$expected" ]; then pass "$name"; else
    fail "$name" "letterlock $* answered $STATUS, not $expected
$(head -c 2000 "$ERR")
$(head -c 2000 "$OUT")"; fi
}

# json FILE PATH: one value, by a path such as status, layers[0].kind or len(layers). Text is
# printed bare, everything else as JSON, what is not there as "(missing)".
json ()
{
  python3 "$top_srcdir/tests/json-path.py" "$1" "$2"
}

# json_is NAME FILE PATH EXPECTED
json_is ()
{
  is "$1" "$(json "$2" "$3" 2>&1)" "$4"
}

# json_like NAME FILE PATH REGEX
json_like ()
{
  like "$1" "$(json "$2" "$3" 2>&1)" "$4"
}

# --- messages ------------------------------------------------------------------------------------

# message FROM TO SUBJECT [BODY]: a plain mail with CRLF line ends, on standard output.
message ()
{
  printf '%s\r\n' "From: $1" "To: $2" "Subject: $3" \
    'Date: Mon, 02 Nov 2026 10:00:00 +0000' 'Message-ID: <test@example.org>' \
    'MIME-Version: 1.0' 'Content-Type: text/plain; charset=utf-8' '' "${4:-Hello from a test.}"
}

# flip FILE OFFSET: the file with one bit of the octet there turned, on standard output.
flip ()
{
  python3 -c 'import sys
data = bytearray (open (sys.argv[1], "rb").read ())
data[int (sys.argv[2])] ^= 1
sys.stdout.buffer.write (data)' "$1" "$2"
}
