#!/bin/bash
# notmuch indexes and shows what we wrote: content, signer and status by its own judgement (through
# GMime, gpg and gpgsm), and the protected parts are found by its search.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
need notmuch gpg gpgsm openssl python3
. "$top_srcdir/tests/people.sh"
two_people g

mkdir -p "$T/mail/cur" "$T/mail/new" "$T/mail/tmp"
cat >"$T/notmuch-config" <<END
[database]
path=$T/mail
[user]
name=Bob
primary_email=bob@example.org
[new]
tags=inbox
[index]
decrypt=true
END
export NOTMUCH_CONFIG=$T/notmuch-config

# put NAME ARGUMENT...: seals a letter with its own Message-ID and files it.
put ()
{
  local name=$1
  shift
  letter "The words sealed as $name." | sed "s/<test@example.org>/<$name@example.org>/" \
    | "$LETTERLOCK" mail "$@" >"$T/mail/cur/$name:2,"
}

put pgp-signed sign --openpgp
put pgp-sealed encrypt --openpgp
put pgp-unsigned encrypt --openpgp --no-sign
put smime-signed sign --smime
put smime-opaque sign --smime --opaque
put smime-sealed encrypt --smime
put smime-unsigned encrypt --smime --no-sign
ok 'notmuch indexes our letters' notmuch new --quiet

# shows NAME PROTOCOL-FINGERPRINT|- DECRYPTED
shows ()
{
  local name=$1 fingerprint=$2 decrypted=$3 base='[0][0][0]'
  notmuch show --format=json --decrypt=true --verify "id:$name@example.org" >"$T/shown" 2>"$T/err"
  like "$name: notmuch shows the words" "$(cat "$T/shown")" "The words sealed as $name"
  if [ "$fingerprint" = - ]; then
    json_is "$name: notmuch finds no signature" "$T/shown" "$base.crypto.signed" '(missing)'
  else
    json_is "$name: notmuch finds a good signature" "$T/shown" \
      "$base.crypto.signed.status[0].status" good
    json_is "$name: and it is Alice's" "$T/shown" \
      "$base.crypto.signed.status[0].fingerprint" "$fingerprint"
  fi
  json_is "$name: notmuch decrypts all of it or nothing" "$T/shown" \
    "$base.crypto.decrypted.status" "$decrypted"
}

openpgp=$(openpgp_fingerprint alice@example.org) smime=$(smime_fingerprint alice)
shows pgp-signed "$openpgp" '(missing)'
shows pgp-sealed "$openpgp" full
shows pgp-unsigned - full
shows smime-signed "$smime" '(missing)'
shows smime-opaque "$smime" '(missing)'
shows smime-sealed "$smime" full
shows smime-unsigned - full
is 'notmuch finds encrypted words by searching' \
  "$(notmuch count 'body:"sealed as pgp-sealed"')" 1
done_testing
