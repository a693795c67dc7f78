#!/bin/bash
# neomutt in a real terminal (tmux): it reads what we wrote with its own GPGME backend, it shows our
# verdict when a message is piped through us, and it sends through us as its sendmail.
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
need neomutt tmux gpg gpgsm openssl python3
. "$top_srcdir/tests/people.sh"
two_people g

TMUX_SOCKET= opened=0
finish ()
{
  tmux -S "$TMUX_SOCKET" kill-server 2>/dev/null
  _cleanup
}
trap finish EXIT

mkdir -p "$T/in/cur" "$T/in/new" "$T/in/tmp" "$T/sent/cur" "$T/sent/new" "$T/sent/tmp"
cat >"$T/send" <<END
#!/bin/sh
# What neomutt calls to send: sealed first, filed instead of sent. Nothing leaves if sealing fails.
'$LETTERLOCK' mail encrypt --openpgp --output '$T/sent/cur/1:2,S'
END
chmod +x "$T/send"
cat >"$T/muttrc" <<END
set folder = '$T'
set spoolfile = '$T/in'
set mbox_type = Maildir
set realname = 'Alice'
set from = 'alice@example.org'
set crypt_use_gpgme = yes
set crypt_verify_sig = yes
set sendmail = '$T/send'
set copy = no
set wait_key = no
set mail_check_stats = no
set header_cache = ''
set sleep_time = 0
set quit = yes
set pager_index_lines = 0
set wrap = 120
set charset = utf-8
unset pipe_decode
unset markers
macro index,pager L "<pipe-message>'$LETTERLOCK' mail show >'$T/piped.part' 2>&1; mv '$T/piped.part' '$T/piped'<enter>"
END

put ()
{
  local name=$1
  shift
  letter "The words sealed as $name." | sed "s/A letter for a test/$name/" \
    | "$LETTERLOCK" mail "$@" >"$T/in/cur/$name:2,S"
}

# open_in_neomutt FOLDER SUBJECT: the pager on that message; its screen in $SCREEN when TEXT shows
open_in_neomutt ()
{
  local folder=$1 subject=$2 text=$3 i
  [ -z "$TMUX_SOCKET" ] || tmux -S "$TMUX_SOCKET" kill-server 2>/dev/null
  TMUX_SOCKET=$T/tmux$((++opened)) # a server that is going away holds on to its socket
  tmux -S "$TMUX_SOCKET" -f /dev/null new-session -d -x 130 -y 50 \
    "neomutt -n -F '$T/muttrc' -f '$folder' -e 'push <search>\"~s $subject\"<enter><display-message>' 2>'$T/err'"
  for i in $(seq 50); do
    SCREEN=$(tmux -S "$TMUX_SOCKET" capture-pane -p 2>/dev/null)
    [[ $SCREEN == *"$text"* ]] && return 0
    sleep 0.2
  done
  return 1
}

# reads NAME STATUS-REGEX PIPED-REGEX: neomutt's own view, then ours by its pipe
reads ()
{
  local name=$1 i
  open_in_neomutt "$T/in" "$name" "The words sealed as $name."
  like "$name: neomutt shows the words" "$SCREEN" "The words sealed as $name"
  like "$name: neomutt names signer and status" "$SCREEN" "$2"
  rm -f "$T/piped"
  tmux -S "$TMUX_SOCKET" send-keys L
  for i in $(seq 50); do [ -e "$T/piped" ] && break || sleep 0.2; done
  like "$name: piped from neomutt, we show the words" "$(cat "$T/piped")" "The words sealed as $name"
  like "$name: and our verdict" "$(cat "$T/piped")" "$3"
  tmux -S "$TMUX_SOCKET" send-keys q x
}

put pgpsigned sign --openpgp
put pgpsealed encrypt --openpgp
put smimesigned sign --smime
put smimesealed encrypt --smime
alice='alice@example.org'
reads pgpsigned "Good signature from.*$alice" "$alice"
reads pgpsealed "PGP/MIME signed and encrypted|PGP/MIME encrypted" "$alice"
reads smimesigned "Good signature from.*" "$alice"
reads smimesealed "S/MIME encrypted" "$alice"

echo 'Words that only Bob may read.' \
  | neomutt -n -F "$T/muttrc" -s 'through the filter' bob@example.org >"$T/out" 2>&1
is 'neomutt sends through us' $? 0
sent=$T/sent/cur/1:2,S
unlike 'what was sent has no word in clear' "$(cat "$sent")" 'only Bob may read'
exits 'what was sent is good when we read it' 0 mail verify --json "$sent"
json_is 'what was sent is signed and encrypted' "$OUT" status signed-encrypted
json_is 'what was sent is by Alice' "$OUT" signer.address "$alice"
open_in_neomutt "$T/sent" filter 'Words that only Bob may read.'
like 'neomutt opens what was sent' "$SCREEN" 'Words that only Bob may read'
done_testing
