# large-file.sh - files that are larger than the memory we may take, S/MIME: they go through within
# 32 MiB, and nothing of what does not hold comes out.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
. "$top_srcdir/tests/people.sh"
need gpgsm openssl python3
two_people g

mkdir "$T/w" "$T/spool"
cd "$T/w" || exit 99
export TMPDIR=$T/spool
truncate -s 300M big
printf 'the end' >>big

# within COMMAND...: runs it; $status is its exit status and $memory the most memory it held, in KiB.
within ()
{
  memory=$(python3 -c '
import os, sys
pid = os.fork()
if pid == 0:
    os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))' "$@" 2>"$T/err")
  status=$?
}

small ()
{
  [ "$memory" -le 32768 ] && pass "$1: at most 32 MiB" || fail "$1: at most 32 MiB" "$memory KiB"
}

openssl cms -encrypt -binary -stream -outform DER -aes-256-cbc -in big -out cbc.p7m "$T/bob.crt"
openssl cms -encrypt -binary -stream -outform DER -aes-256-gcm -in big -out gcm.p7m "$T/bob.crt"
{
  echo '-----BEGIN CMS-----'
  openssl base64 -e -in cbc.p7m
  echo '-----END CMS-----'
} >text.p7m
gpgsm --batch -q --disable-crl-checks -r bob@example.org -o gpgsm.p7m -e big

for sealed in cbc.p7m gcm.p7m text.p7m gpgsm.p7m; do
  within "$LETTERLOCK" file decrypt -q -o back $sealed
  is "$sealed: decrypt" "$status" 0
  small "$sealed"
  same "$sealed: the content is the same" big back
  rm -f back
done

# The tag, or the padding, is the last thing that is known.
for sealed in cbc gcm; do
  size=$(wc -c <$sealed.p7m)
  flip $sealed.p7m $((size - 40)) >bent.p7m
  head -c $((size - 100)) $sealed.p7m >cut.p7m
  for bad in bent cut; do
    [ "$sealed$bad" != cbcbent ] || continue # CBC has no integrity: see “no-integrity”
    run=$("$LETTERLOCK" file decrypt -q -o never $bad.p7m 2>&1)
    isnt "$sealed, $bad: does not decrypt" $? 0
    isnt "$sealed, $bad: and says why" "$run" ""
    not_ok "$sealed, $bad: no file is left" test -e never
    is "$sealed, $bad: nothing gets into a pipe" \
      "$("$LETTERLOCK" file decrypt -q <$bad.p7m 2>/dev/null | wc -c)" 0
  done
done
is "no temporary file is left" "$(find "$T/spool" . -name '.*' -type f | wc -l)$(ls "$T/spool")" 0

# From a pipe to a pipe, both ways of waiting.
for sealed in cbc gcm; do
  # shellcheck disable=SC2002
  cat $sealed.p7m | "$LETTERLOCK" file decrypt -q 2>/dev/null | cmp -s - big
  is "$sealed: from a pipe to a pipe" "${PIPESTATUS[*]}" "0 0 0"
done
within "$LETTERLOCK" file decrypt -q -o - gcm.p7m
is "to standard output" "$status" 0
small "to standard output"

# Rule 2, CM-21: what waits on the disk is no plaintext.
head -c 3000000 /dev/zero | tr '\0' 'S' >secret
"$LETTERLOCK" file encrypt -q --smime -r bob@example.org secret
mkfifo pipe
"$LETTERLOCK" file decrypt -q -o pipe secret.p7m 2>/dev/null &
reader=$!
exec 9<pipe
head -c 1 <&9 >/dev/null # now all of it has been decrypted, and waits
seen=none
for fd in /proc/$reader/fd/*; do
  case $(readlink "$fd") in
    "$T/spool"/*) seen=$(grep -c SSSSSSSS "$fd") ;;
  esac
done
is "what waits on the disk is encrypted" "$seen" 0
cat <&9 >/dev/null
exec 9<&-
wait $reader
done_testing
