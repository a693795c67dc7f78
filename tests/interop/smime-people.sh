# Sourced by the S/MIME interoperation tests: an authority, Alice and Bob with a certificate each,
# in files for openssl and in the homes of both.

prepare_smime() { # KIND: rsa3072 or p256
  WORK=$T/$1
  mkdir "$WORK"
  [ -e "$T/root.crt" ] || make_ca root
  CA=$T/root.crt
  make_cert alice root alice@example.org "$1"
  make_cert bob root bob@example.org "$1"
  new_home "a-$1"
  A=$GNUPGHOME
  smime_key alice
  smime_cert bob
  new_home "b-$1"
  B=$GNUPGHOME
  smime_key bob
  smime_cert alice
  smime_trust root
  ALICE_FPR=$(sha256_of "$T/alice.crt") BOB_FPR=$(sha256_of "$T/bob.crt")
}

sha256_of() { openssl x509 -in "$1" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g'; }

we() { us mail "$1" --anchors "$CA" "${@:2}"; }

# shown_as FILE STATUS: a signed message of Bob's.
we_find() {
  we verify --json "$1" >"$WORK/report" || return 1
  report_is "$WORK/report" "$2" bob@example.org "$BOB_FPR"
}

we_open() {
  we decrypt "$1" >"$WORK/cleartext" || return 1
  same_content "$T/theirs.eml" "$WORK/cleartext"
}

we_find_unverified() {
  we verify --json "$1" >"$WORK/report"
  expect "exit status of verify" 3 $? || return 1
  expect status encrypted-unverified "$(json "$WORK/report" status)"
}

# with_header BODY: what openssl wrote (MIME-Version, Content-*, body) as a letter from Bob.
with_header() {
  printf 'From: %s\nTo: %s\nDate: Mon, 05 Jan 2026 10:00:00 +0000\nSubject: interop\n' "$BOB" \
    "$ALICE"
  cat "$1"
}
