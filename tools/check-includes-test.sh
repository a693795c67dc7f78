# The include rule of the house: the tree obeys it, and what breaks it is found.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
need python3

# house FILE LINE...: a tree with one more file, checked; what was said is in $SAID.
house ()
{
  local path=$T/house/$1
  shift
  rm -rf "$T/house"
  mkdir -p "$T/house"/{src/base,src/mail,src/ops,keys,ui}
  printf '#include <config.h>\n#include "base/error.h"\n' >"$T/house/src/mail/layers.c"
  printf '#include <glib.h>\n' >"$T/house/src/base/error.h"
  printf '%s\n' "$@" >"$path"
  SAID=$("$top_srcdir/tools/check-includes" "$T/house" 2>&1)
}

ok "the tree obeys the rule" "$top_srcdir/tools/check-includes" "$top_srcdir"
house src/ops/op-read.c '#include "mail/layers.h"'
is "an include may point down" "$SAID" ""
house src/mail/body.c '#include "ops/op-read.h"'
like "an include that points up is found" "$SAID" 'src/mail/body.c:1: ops/op-read.h: points up'
house keys/key.c '' '# include "engine/facts.h"'
like "also from keys/, with its line" "$SAID" 'keys/key.c:2: engine/facts.h: points up'
house ui/window.c '#include "mail/layers.h"'
like "the window sees no engine room" "$SAID" 'ui/ sees base/ and client/ alone'
house ui/window.c '#include "base/error.h"' '#include "ui/window.h"'
is "but it sees the ground" "$SAID" ""
house src/mail/body.c '#include "layers.h"'
like "an include names its floor" "$SAID" 'write it with its floor'
house src/mail/body.h '#include <gmime/gmime.h>'
like "a foreign header stays out of public headers" "$SAID" 'foreign header'
house src/mail/body-private.h '#include <gmime/gmime.h>'
is "and may be in private ones" "$SAID" ""
house src/mail/body.h '#include "mail/layers.h"'
echo '#include "mail/body.h"' >"$T/house/src/mail/layers.h"
SAID=$("$top_srcdir/tools/check-includes" "$T/house" 2>&1)
like "a circle of rooms is found" "$SAID" 'a circle of rooms: mail/body > mail/layers > mail/body'
not_ok "an empty tree is no proof" "$top_srcdir/tools/check-includes" "$T/h"
done_testing
