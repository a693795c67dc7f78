#!/bin/bash
# Letters to and from gpg: OpenPGP with ed25519 and RSA-3072 keys (issue bar 2; PM-01, PM-02).
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

gpg_of() { # HOME ARGUMENT...
  local home=$1
  shift
  GNUPGHOME=$home gpg --batch --quiet --pinentry-mode loopback --passphrase '' "$@"
}

prepare() { # KIND: Alice in $A and Bob in $B, who know and trust each other's keys
  new_home "a-$1"
  A=$GNUPGHOME
  openpgp_key alice@example.org "$1" Alice
  ALICE_FPR=$FPR
  new_home "b-$1"
  B=$GNUPGHOME
  openpgp_key bob@example.org "$1" Bob
  BOB_FPR=$FPR
  openpgp_give bob@example.org "a-$1"
  openpgp_trust bob@example.org
  use_home "a-$1"
  openpgp_give alice@example.org "b-$1"
  openpgp_trust bob@example.org && openpgp_trust alice@example.org
  use_home "b-$1"
  openpgp_trust alice@example.org
  WORK=$T/$1
  mkdir "$WORK"
}

status_has() { # FILE PATTERN...
  local file=$1 pattern
  shift
  for pattern in "$@"; do
    grep -q "^\[GNUPG:\] $pattern" "$file" || { echo "no “$pattern” in:"; cat "$file"; return 1; }
  done
}

# ---- we write, gpg reads -----------------------------------------------------------------------

we_sign() {
  us mail sign --openpgp "$T/ours.eml" >"$WORK/s.eml" || return 1
  mime signed "$WORK/s.eml" "$WORK/content" "$WORK/sig" || return 1
  gpg_of "$B" --status-fd 1 --verify "$WORK/sig" "$WORK/content" >"$WORK/status" || return 1
  status_has "$WORK/status" GOODSIG "VALIDSIG $ALICE_FPR" || return 1
  same_content "$T/ours.eml" "$WORK/s.eml"
}

we_encrypt() {
  us mail encrypt --openpgp --no-sign "$T/ours.eml" >"$WORK/e.eml" || return 1
  mime payload "$WORK/e.eml" "$WORK/e.asc" || return 1
  gpg_of "$B" --status-fd 3 -d "$WORK/e.asc" 3>"$WORK/status" >"$WORK/opened" || return 1
  status_has "$WORK/status" DECRYPTION_OKAY GOODMDC || return 1
  ! grep -q SIG "$WORK/status" || { echo "signed although --no-sign"; return 1; }
  same_content "$T/ours.eml" "$WORK/opened"
}

we_sign_and_encrypt() {
  us mail encrypt --openpgp "$T/ours.eml" >"$WORK/se.eml" || return 1
  mime payload "$WORK/se.eml" "$WORK/se.asc" || return 1
  gpg_of "$B" --status-fd 3 -d "$WORK/se.asc" 3>"$WORK/status" >"$WORK/opened" || return 1
  status_has "$WORK/status" DECRYPTION_OKAY GOODMDC GOODSIG "VALIDSIG $ALICE_FPR" || return 1
  same_content "$T/ours.eml" "$WORK/opened"
}

# ---- gpg writes, we read -----------------------------------------------------------------------

we_verify() {
  gpg_of "$B" -a --digest-algo SHA256 -o "$WORK/t.sig" --detach-sign "$T/theirs.entity" \
    || return 1
  mime wrap-signed "$T/theirs.eml" "$T/theirs.entity" "$WORK/t.sig" openpgp \
    >"$WORK/t-s.eml" || return 1
  us mail verify --json "$WORK/t-s.eml" >"$WORK/report" || return 1
  report_is "$WORK/report" signed bob@example.org "$BOB_FPR" || return 1
  us mail show "$WORK/t-s.eml" | grep -q 'この手紙は封をして送ります' || { echo "not shown"; return 1; }
}

peer_encrypts() { # OUT ARGUMENT...
  local out=$1
  shift
  gpg_of "$B" -a "$@" -e -r alice@example.org -o "$WORK/t.asc" "$T/theirs.entity" || return 1
  mime wrap-payload "$T/theirs.eml" "$WORK/t.asc" openpgp >"$out"
  rm "$WORK/t.asc"
}

we_decrypt() {
  peer_encrypts "$WORK/t-e.eml" || return 1
  us mail decrypt "$WORK/t-e.eml" >"$WORK/cleartext" || return 1
  same_content "$T/theirs.eml" "$WORK/cleartext" || return 1
  us mail verify --json "$WORK/t-e.eml" >"$WORK/report"
  expect "exit status of verify" 3 $? || return 1
  expect status encrypted-unverified "$(json "$WORK/report" status)"
}

we_decrypt_and_verify() {
  peer_encrypts "$WORK/t-se.eml" -s || return 1
  us mail decrypt "$WORK/t-se.eml" >"$WORK/cleartext" || return 1
  same_content "$T/theirs.eml" "$WORK/cleartext" || return 1
  us mail verify --json "$WORK/t-se.eml" >"$WORK/report" || return 1
  report_is "$WORK/report" signed-encrypted bob@example.org "$BOB_FPR"
}

for kind in 'OpenPGP ed25519' 'OpenPGP RSA-3072'; do
  case $kind in
    *ed25519) prepare ed25519 ;;
    *) prepare rsa3072 ;;
  esac
  cell "$kind" sign 'we write, the peer reads' gpg we_sign
  cell "$kind" encrypt 'we write, the peer reads' gpg we_encrypt
  cell "$kind" sign+encrypt 'we write, the peer reads' gpg we_sign_and_encrypt
  cell "$kind" sign 'the peer writes, we read' gpg we_verify
  cell "$kind" encrypt 'the peer writes, we read' gpg we_decrypt
  cell "$kind" sign+encrypt 'the peer writes, we read' gpg we_decrypt_and_verify
done
matrix_print
done_testing
