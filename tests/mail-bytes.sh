# mail-bytes.sh - what is signed decodes to what was written: every leaf of real, odd and Japanese
# mail, told by another reader than ours, and the signed octets are fit to travel (SM-13, SM-14,
# PM-03, PM-04). gpg itself checks the signature over them.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
need gpg python3

new_home
openpgp_key alice@example.org >/dev/null

# family NAME: signs each message of a corpus and lets mail-bytes.py look at the result.
family ()
{
  local folder=$LETTERLOCK_CORPORA/$1 said
  if [ ! -f "$folder/cases.tsv" ]; then
    skip "$1 survives signing" "the corpora are not here (LETTERLOCK_CORPORA)"
    return
  fi
  said=$(python3 "$top_srcdir/tests/mail-bytes.py" "$LETTERLOCK" "$T" "$folder")
  if [ $? -eq 0 ]; then pass "$1 survives signing: ${said##*$'\n'}"; else
    fail "$1 survives signing" "$said"
  fi
}

mkdir "$T/own"
printf 'file\tprotocol\n' >"$T/own/cases.tsv"
own ()
{
  cat >"$T/own/$1"
  printf '%s\tmime\n' "$1" >>"$T/own/cases.tsv"
}

own from-and-blanks <<'END'
From: alice@example.org
Subject: x

From here
 trailing blank 
a tab	
.
-- 
END
printf 'From: alice@example.org\nContent-Type: text/plain; charset=shift_jis\nContent-Transfer-Encoding: 8bit\n\n\202\240\202\242\n' | own shift-jis
printf 'From: alice@example.org\nContent-Type: text/plain; charset=iso-2022-jp\n\n\033$B$"\033(B \n' | own iso-2022-jp
printf 'From: alice@example.org\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: binary\n\n\000\001\n\r\002\r\n' | own binary
printf 'From: alice@example.org\n\n' | own empty
{ printf 'From: alice@example.org\n\n'; head -c 5000 /dev/zero | tr '\0' x; echo; } | own long-line
own nested <<'END'
From: alice@example.org
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: message/rfc822

Subject: inner
Content-Type: multipart/alternative; boundary=c

--c
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

秘密 
--c
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<p>=E7=A7=98=
=E5=AF=86</p>=20
--c--
--b
Content-Type: text/plain; name*=utf-8''%E6%9B%B8.txt
Content-Transfer-Encoding: base64

RnJvbSBoZXJlCg==
--b--
END

said=$(python3 "$top_srcdir/tests/mail-bytes.py" "$LETTERLOCK" "$T" "$T/own")
is "every leaf of our own letters survives signing" "$? ${said##*$'\n'}" "0 7 the same, 0 refused"
family japanese-mail
family mime-structure
done_testing
