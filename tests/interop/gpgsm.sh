#!/bin/bash
# Letters to and from gpgsm: S/MIME with RSA-3072 and P-256 (bar 2). What gpgsm cannot do is named:
# 2.2 has no ECDH, and no version so far makes or opens AES-GCM.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$(dirname "${BASH_SOURCE[0]}")/smime-people.sh"

gpgsm_peer() { GNUPGHOME=$B gpgsm --batch --quiet "$@"; }

signed_by_alice() { # STATUS-FILE
  grep -q '^\[GNUPG:\] GOODSIG' "$1" || { echo "no GOODSIG:"; cat "$1"; return 1; }
  grep -q "^\[GNUPG:\] VALIDSIG $(smime_fingerprint alice)" "$1" \
    || { echo "not Alice's:"; cat "$1"; return 1; }
}

gpgsm_verifies() { # FILE: a multipart/signed message
  mime signed "$1" "$WORK/content" "$WORK/sig" || return 1
  gpgsm_peer --status-fd 1 --verify "$WORK/sig" "$WORK/content" >"$WORK/status" || return 1
  signed_by_alice "$WORK/status"
}

# Its exit status counts recipients whose key it has not got as errors; its status line is the word.
gpgsm_opens() { # FILE OUT
  mime payload "$1" "$WORK/p7m" || return 1
  gpgsm_peer --status-fd 3 -d "$WORK/p7m" 3>"$WORK/status" >"$2"
  grep -q '^\[GNUPG:\] DECRYPTION_OKAY' "$WORK/status"
}

# ---- we write, gpgsm reads ---------------------------------------------------------------------

we_sign() {
  we sign --smime "$T/ours.eml" >"$WORK/s.eml" || return 1
  gpgsm_verifies "$WORK/s.eml" && same_content "$T/ours.eml" "$WORK/s.eml"
}

we_encrypt() {
  we encrypt --smime --no-sign "$T/ours.eml" >"$WORK/e.eml" || return 1
  gpgsm_opens "$WORK/e.eml" "$WORK/opened" && same_content "$T/ours.eml" "$WORK/opened"
}

we_sign_and_encrypt() {
  we encrypt --smime "$T/ours.eml" >"$WORK/se.eml" || return 1
  gpgsm_opens "$WORK/se.eml" "$WORK/opened" || return 1
  gpgsm_verifies "$WORK/opened" && same_content "$T/ours.eml" "$WORK/opened"
}

# ---- gpgsm writes, we read ---------------------------------------------------------------------

gpgsm_signs() { # OUT: a whole message
  gpgsm_peer --disable-crl-checks -u bob@example.org --detach-sign "$T/theirs.entity" \
    >"$WORK/t.sig" || return 1
  mime wrap-signed "$T/theirs.eml" "$T/theirs.entity" "$WORK/t.sig" smime >"$1"
}

gpgsm_seals() { # IN OUT
  gpgsm_peer --disable-crl-checks -e -r alice@example.org <"$1" >"$WORK/t.p7m" || return 1
  mime wrap-payload "$T/theirs.eml" "$WORK/t.p7m" enveloped-data >"$2"
}

we_verify() {
  gpgsm_signs "$WORK/t.eml" && we_find "$WORK/t.eml" signed
}

we_decrypt() {
  gpgsm_seals "$T/theirs.entity" "$WORK/t.eml" || return 1
  we_open "$WORK/t.eml" && we_find_unverified "$WORK/t.eml"
}

we_decrypt_and_verify() {
  gpgsm_signs "$WORK/inner.eml" && mime entity "$WORK/inner.eml" "$WORK/inner.entity" || return 1
  gpgsm_seals "$WORK/inner.entity" "$WORK/t.eml" || return 1
  we_open "$WORK/t.eml" && we_find "$WORK/t.eml" signed-encrypted
}

no_ecdh='gpgsm before 2.4 has no ECDH (RFC 5753)'
has_ecdh() { dpkg --compare-versions "$(gpgsm --version | awk 'NR == 1 { print $3 }')" ge 2.4; }

need gpgsm
for kind in 'S/MIME RSA-3072' 'S/MIME P-256'; do
  can_encrypt=yes
  case $kind in
    *RSA*) prepare_smime rsa3072 ;;
    *)
      prepare_smime p256
      has_ecdh || can_encrypt=no
      ;;
  esac
  cell "$kind" sign 'we write, the peer reads' gpgsm we_sign
  cell "$kind" sign 'the peer writes, we read' gpgsm we_verify
  if [ $can_encrypt = yes ]; then
    cell "$kind" encrypt 'we write, the peer reads' gpgsm we_encrypt
    cell "$kind" sign+encrypt 'we write, the peer reads' gpgsm we_sign_and_encrypt
    cell "$kind" encrypt 'the peer writes, we read' gpgsm we_decrypt
    cell "$kind" sign+encrypt 'the peer writes, we read' gpgsm we_decrypt_and_verify
  else
    for operation in encrypt sign+encrypt; do
      cannot "$kind" $operation 'we write, the peer reads' gpgsm "$no_ecdh"
      cannot "$kind" $operation 'the peer writes, we read' gpgsm "$no_ecdh"
    done
  fi
done
matrix_print
done_testing
