#!/bin/bash
# Letters to and from `openssl cms`: S/MIME with RSA-3072 and P-256, AES-CBC and AES-GCM (bar 2;
# SM-01, SM-05, SM-08).
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$(dirname "${BASH_SOURCE[0]}")/smime-people.sh"

openssl_verifies() { # FILE OUT: by Alice's certificate and nobody else's
  openssl cms -verify -in "$1" -CAfile "$CA" -purpose smimesign -signer "$WORK/found.pem" \
    -out "$2" || return 1
  expect "the signer" "$ALICE_FPR" "$(sha256_of "$WORK/found.pem")"
}

openssl_opens() { # FILE OUT
  openssl cms -decrypt -in "$1" -recip "$T/bob.crt" -inkey "$T/bob.key" -out "$2"
}

# ---- we write, openssl reads -------------------------------------------------------------------

we_sign() {
  we sign --smime "$T/ours.eml" >"$WORK/s.eml" || return 1
  openssl_verifies "$WORK/s.eml" "$WORK/opened" || return 1
  same_content "$T/ours.eml" "$WORK/opened" || return 1
  same_content "$T/ours.eml" "$WORK/s.eml"
}

we_sign_opaque() {
  we sign --smime --opaque "$T/ours.eml" >"$WORK/so.eml" || return 1
  openssl_verifies "$WORK/so.eml" "$WORK/opened" || return 1
  same_content "$T/ours.eml" "$WORK/opened"
}

we_encrypt() {
  we encrypt --smime --no-sign "$T/ours.eml" >"$WORK/e.eml" || return 1
  openssl_opens "$WORK/e.eml" "$WORK/opened" || return 1
  same_content "$T/ours.eml" "$WORK/opened"
}

we_encrypt_aead() {
  we encrypt --smime --no-sign --aead "$T/ours.eml" >"$WORK/ea.eml" || return 1
  grep -q 'smime-type="\?authEnveloped-data' "$WORK/ea.eml" || { echo "no smime-type"; return 1; }
  openssl_opens "$WORK/ea.eml" "$WORK/opened" || return 1
  same_content "$T/ours.eml" "$WORK/opened"
}

we_sign_and_encrypt() {
  we encrypt --smime "$T/ours.eml" >"$WORK/se.eml" || return 1
  openssl_opens "$WORK/se.eml" "$WORK/inside" || return 1
  openssl_verifies "$WORK/inside" "$WORK/opened" || return 1
  same_content "$T/ours.eml" "$WORK/opened"
}

# ---- openssl writes, we read -------------------------------------------------------------------

openssl_signs() { # IN OUT ARGUMENT...
  openssl cms -sign -md sha256 -in "$1" -out "$2" -signer "$T/bob.crt" -inkey "$T/bob.key" \
    "${@:3}"
}

openssl_seals() { # IN OUT ARGUMENT...
  openssl cms -encrypt -in "$1" -out "$2" "${@:3}" "$T/alice.crt"
}

we_verify() {
  openssl_signs "$T/theirs.entity" "$WORK/t" && with_header "$WORK/t" >"$WORK/t.eml"
  we_find "$WORK/t.eml" signed || return 1
  we show "$WORK/t.eml" | grep -q 'この手紙は封をして送ります' || { echo "not shown"; return 1; }
}

we_verify_opaque() {
  openssl_signs "$T/theirs.entity" "$WORK/t" -nodetach && with_header "$WORK/t" >"$WORK/t.eml"
  we_find "$WORK/t.eml" signed || return 1
  we show "$WORK/t.eml" | grep -q 'この手紙は封をして送ります' || { echo "not shown"; return 1; }
}

we_decrypt() {
  openssl_seals "$T/theirs.entity" "$WORK/t" -aes256 && with_header "$WORK/t" >"$WORK/t.eml"
  we_open "$WORK/t.eml" && we_find_unverified "$WORK/t.eml"
}

we_decrypt_aead() {
  openssl_seals "$T/theirs.entity" "$WORK/t" -aes-256-gcm \
    && with_header "$WORK/t" >"$WORK/t.eml"
  we_open "$WORK/t.eml" && we_find_unverified "$WORK/t.eml"
}

we_decrypt_oaep() {
  openssl cms -encrypt -in "$T/theirs.entity" -out "$WORK/t" -aes256 \
    -recip "$T/alice.crt" -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256 \
    && with_header "$WORK/t" >"$WORK/t.eml"
  we_open "$WORK/t.eml" && we_find_unverified "$WORK/t.eml"
}

we_decrypt_and_verify() {
  openssl_signs "$T/theirs.entity" "$WORK/inside" || return 1
  openssl_seals "$WORK/inside" "$WORK/t" -aes256 && with_header "$WORK/t" >"$WORK/t.eml"
  we_open "$WORK/t.eml" && we_find "$WORK/t.eml" signed-encrypted
}

for kind in 'S/MIME RSA-3072' 'S/MIME P-256'; do
  case $kind in
    *RSA*) prepare_smime rsa3072 ;;
    *) prepare_smime p256 ;;
  esac
  cell "$kind" sign 'we write, the peer reads' openssl we_sign
  cell "$kind" 'sign opaque' 'we write, the peer reads' openssl we_sign_opaque
  cell "$kind" encrypt 'we write, the peer reads' openssl we_encrypt
  cell "$kind" 'encrypt GCM' 'we write, the peer reads' openssl we_encrypt_aead
  cell "$kind" sign+encrypt 'we write, the peer reads' openssl we_sign_and_encrypt
  cell "$kind" sign 'the peer writes, we read' openssl we_verify
  cell "$kind" 'sign opaque' 'the peer writes, we read' openssl we_verify_opaque
  cell "$kind" encrypt 'the peer writes, we read' openssl we_decrypt
  cell "$kind" 'encrypt GCM' 'the peer writes, we read' openssl we_decrypt_aead
  if [ "$kind" = 'S/MIME RSA-3072' ]; then
    cell "$kind" 'encrypt OAEP' 'the peer writes, we read' openssl we_decrypt_oaep
  fi
  cell "$kind" sign+encrypt 'the peer writes, we read' openssl we_decrypt_and_verify
done
matrix_print
done_testing
