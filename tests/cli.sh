# cli.sh - the door: what somebody meets who types.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
new_home

run ()
{
  out=$("$LETTERLOCK" "$@" 2>"$T/err" </dev/null)
  status=$?
  err=$(cat "$T/err")
}

run --version
like "the version is told" "$out" '^letterlock [0-9]'
run --help
is "help succeeds" "$status" 0
for command in "mail sign" "mail encrypt" "mail decrypt" "mail verify" "mail show" "mail inspect" \
  "file sign" "file encrypt" "file decrypt" "file verify" "key list" "key show" "key import" \
  "key generate" doctor; do
  like "help lists $command" "$out" "  $command +[A-Z]"
done
for command in "mail sign" "mail verify" "file encrypt" "key import" doctor; do
  # shellcheck disable=SC2086
  run $command --help
  is "$command --help succeeds" "$status" 0
  is "$command --help shows two examples" \
    "$(sed '1,/^Examples:/d' <<<"$out" | grep -c "^  letterlock $command")" 2
done

run mail verfy
is "an unknown command has its exit status" "$status" 69
like "an unknown command suggests the nearest" "$err" '“letterlock mail verify”'
run xyzzyplugh
is "a word that is near to nothing too" "$status" 69
like "and it points to the help" "$err" 'letterlock --help'
run mail
is "a group alone asks for the command" "$status" 19
run mail verify --bogus
is "an unknown option has its exit status" "$status" 37
like "an unknown option points to the help" "$err" '“letterlock mail verify --help”'
run mail verify --at yesterday /dev/null
is "a time that is none has its exit status" "$status" 37
run mail verify "$T/nowhere.eml"
is "a file that is not there has its exit status" "$status" 61
like "it is named" "$err" 'nowhere.eml'
run mail verify --json "$T/nowhere.eml"
is "JSON tells the error by name" \
  "$(python3 -c 'import json,sys; print(json.load(sys.stdin)["error"])' <<<"$out")" missing-input
escape=$(printf 'a\033]0;b\007.c')
for arguments in 'mail verify' 'file decrypt' 'key import' 'mail verify --anchors' \
  'mail verify x' 'mail verify --at' 'mail verify --' 'mail' 'file encrypt -r'; do
  # shellcheck disable=SC2086
  run $arguments "$escape"
  isnt "“$arguments”: a name with control characters is an error" "$status" 0
  unlike "“$arguments”: that does not reach the terminal" "$out$err" $'[\033\007]'
done
run mail sign --openpgp --smime /dev/null
is "options that exclude each other are refused" "$status" 37
run mail sign --json /dev/null
is "JSON and a message cannot share standard output" "$status" 19

printf 'From: a@example.org\nTo: b@example.org\nBcc: c@example.org\nSubject: x\n\nx\n' >"$T/bcc.eml"
run mail encrypt "$T/bcc.eml"
is "a message with Bcc is refused" "$status" 37
is "and nothing comes out" "$out" ""
like "and the reason is told" "$err" 'Bcc'

run mail verify "$T/bcc.eml"
is "an unsigned message has no acceptable signature" "$status" 3
run mail decrypt "$T/bcc.eml"
is "a message that is not encrypted cannot be decrypted" "$status" 41
run mail show "$T/bcc.eml"
is "an unsigned message can be shown" "$status" 0
ok "a full disk is noticed" sh -c '"$0" mail show "$1" >/dev/full 2>"$2"; [ $? = 1 ] && [ -s "$2" ]' \
  "$LETTERLOCK" "$T/bcc.eml" "$T/err"

mkdir -p "$XDG_CONFIG_HOME/letterlock"
printf '[encrypt]\nto-self=perhaps\n' >"$XDG_CONFIG_HOME/letterlock/letterlock.conf"
run mail show "$T/bcc.eml"
is "a wrong setting is an error" "$status" 41
like "and names the entry" "$err" 'to-self'
done_testing
