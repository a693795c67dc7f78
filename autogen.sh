#!/bin/sh
# autogen.sh - from a fresh clone to a program that runs. "./autogen.sh help" tells the verbs.
#
# In: a git tree (or an unpacked release), data/packages.txt. Out: ./configure, or build/ with the
# program in it. It installs packages through the system's own package manager, naming them and the
# command first, and only for the verbs that build. It never reads standard input, and it never
# touches anybody's GnuPG home. What is done already is not done again.
set -eu
cd "$(dirname "$0")"

usage ()
{
  cat <<'END'
Usage: ./autogen.sh [VERB] [CONFIGURE-OPTION...]

  (none)    prepares ./configure, as everywhere; installs nothing
  all       installs what is missing, configures into build/ and builds there:
            the program is then build/src/letterlock
  demo      the same, then seals a letter and opens it again, with OpenPGP and with S/MIME,
            in a throw-away GnuPG home
  check     the same, then runs the whole test suite; unchanged since it last passed, it only
            says so (make -C build check runs it in any case)
  packages GROUP...
            only installs what those groups of data/packages.txt need
  help      this page

CONFIGURE-OPTION goes to configure, as does $LETTERLOCK_CONFIGURE_FLAGS; --disable-gtk builds
without the window and needs no GTK. CC, CFLAGS and MAKEFLAGS mean what they always mean.
END
}

say ()
{
  printf '%s\n' "autogen.sh: $*" >&2
}

die ()
{
  say "$*"
  exit 1
}

have ()
{
  command -v "$1" >/dev/null 2>&1
}

# --- packages ------------------------------------------------------------------------------------

# Names the family and thereby the column of data/packages.txt.
find_family ()
{
  for family in apt-get dnf pacman zypper apk; do
    if have "$family"; then
      echo "${family%-get}"
      return
    fi
  done
}

column_of ()
{
  case $1 in
    apt) echo 3 ;;
    dnf) echo 4 ;;
    pacman) echo 5 ;;
    zypper) echo 6 ;;
    apk) echo 7 ;;
  esac
}

is_there ()
{
  case $1 in
    cmd:cc) [ -n "${CC:-}" ] || have cc || have gcc ;;
    cmd:automake) have automake && have aclocal ;;
    cmd:autoconf) have autoconf && have autoreconf ;;
    cmd:dirmngr) have dirmngr || [ -x "$(gpgconf --list-dirs bindir 2>/dev/null)/dirmngr" ] ;;
    cmd:pinentry) have pinentry || have pinentry-curses || have pinentry-gnome3 || have pinentry-qt ;;
    cmd:*) have "${1#cmd:}" ;;
    file:*) [ -e "${1#file:}" ] ;;
    pkg:*) pkg-config --exists "$(echo "${1#pkg:}" | sed 's/>=/ >= /')" 2>/dev/null ;;
    *) die "data/packages.txt: unknown test “$1”" ;;
  esac
}

# missing_in COLUMN GROUP...: for each row whose test fails, the test (column 2) or the packages.
missing_in ()
{
  column=$1
  shift
  for group; do
    awk -v group="$group" -v column="$column" '$1 == group { print $2, $column }' data/packages.txt
  done | while read -r test packages; do
    is_there "$test" || echo "$packages" | tr ',' '\n'
  done | sort -u | grep -vx -e - || true
}

install_command ()
{
  case $1 in
    apt) echo "apt-get install -y --no-install-recommends" ;;
    dnf) echo "dnf install -y" ;;
    pacman) echo "pacman -S --needed --noconfirm" ;;
    zypper) echo "zypper --non-interactive install" ;;
    apk) echo "apk add" ;;
  esac
}

# Becomes root for one command: nothing as root, sudo otherwise; never waits for an answer where
# nobody can give one.
as_root ()
{
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif ! have sudo; then
    die "this needs root, and sudo is not there: run the command above as root, then this again"
  elif [ -t 2 ] && [ -z "${CI:-}" ]; then
    sudo "$@"
  else
    sudo -n "$@" || die "sudo wants a password here: run the command above, then this again"
  fi
}

# Installs what the groups need and do not have.
install_groups ()
{
  [ -n "$(missing_in 2 "$@")" ] || return 0
  family=$(find_family)
  if [ -z "$family" ]; then
    die "no package manager that I know; please install what these tests of data/packages.txt" \
      "look for: $(missing_in 2 "$@" | tr '\n' ' ')"
  fi
  packages=$(missing_in "$(column_of "$family")" "$@" | tr '\n' ' ')
  packages=${packages% }
  command=$(install_command "$family")
  say "missing packages: $packages"
  say "installing them:  $command $packages"
  if [ "$family" = apt ]; then
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null >&2 \
      || say "apt-get update failed; trying with the package lists that are there"
    command="env DEBIAN_FRONTEND=noninteractive $command -qq -o Dpkg::Use-Pty=0"
  fi
  # shellcheck disable=SC2086
  as_root $command $packages </dev/null >&2 || die "the packages could not be installed (see above)"
  hash -r 2>/dev/null || true
  still=$(missing_in 2 "$@" | tr '\n' ' ')
  [ -z "$still" ] || die "installed, but this is still missing or too old: $still"
}

# --- building ------------------------------------------------------------------------------------

# A release comes with configure; a git tree makes it.
needs_configure ()
{
  [ ! -x configure ] || [ ! -f Makefile.in ] || [ ! -f build-aux/tap-driver.sh ] \
    || [ ! -f po/Makefile.in.in ] || [ -n "$(find configure.ac -newer configure)" ]
}

prepare ()
{
  missing=$(missing_in 2 tools | tr '\n' ' ')
  if [ -n "$missing" ]; then
    family=$(find_family)
    say "cannot make configure, this is missing: $missing"
    [ -z "$family" ] || say "install it by: $(install_command "$family") $(
      missing_in "$(column_of "$family")" tools | tr '\n' ' ')"
    exit 1
  fi
  mkdir -p m4 build-aux
  autoreconf --install --force
}

configure_flags ()
{
  # shellcheck disable=SC2086
  printf '%s\n' ${LETTERLOCK_CONFIGURE_FLAGS:-} "$@"
}

wants_gtk ()
{
  ! configure_flags "$@" | grep -qxe --disable-gtk -e --enable-gtk=no -e --without-gtk
}

# Everything up to the built program. Quiet while it works: what make says goes to build/build.log.
build ()
{
  groups="build run"
  if wants_gtk "$@"; then groups="$groups gtk"; fi
  if needs_configure; then groups="tools $groups"; fi
  # shellcheck disable=SC2086
  install_groups $groups $extra_groups

  [ ! -f config.status ] || die "this tree is configured in place; run make distclean first, or use make"
  if needs_configure; then
    say "preparing configure"
    mkdir -p build
    prepare >build/autoreconf.log 2>&1 || { cat build/autoreconf.log >&2; exit 1; }
  fi
  mkdir -p build
  wanted="$(configure_flags "$@") CC=${CC:-} CFLAGS=${CFLAGS:-}"
  if [ ! -f build/config.status ] || [ "$(cat build/configured-as 2>/dev/null)" != "$wanted" ]; then
    say "configuring into build/"
    # shellcheck disable=SC2046
    (cd build && ../configure --quiet $(configure_flags "$@")) >build/configure.log 2>&1 \
      || { cat build/configure.log >&2; die "configure failed; its log is build/config.log"; }
    echo "$wanted" >build/configured-as
  fi
  # gettext gathers the sentences only once; after a change they are gathered anew
  # shellcheck disable=SC2046
  if [ -f po/letterlock.pot ] && [ -d .git ] \
    && [ -n "$(find $(grep -v '^#' po/POTFILES.in) po/ja.po -newer po/letterlock.pot)" ]; then
    rm -f po/letterlock.pot po/stamp-po
  fi
  say "building in build/"
  if [ -z "${MAKEFLAGS:-}" ]; then
    MAKEFLAGS=-j$(nproc 2>/dev/null || echo 2)
    export MAKEFLAGS
  fi
  make -C build >build/build.log 2>&1 </dev/null \
    || { tail -n 40 build/build.log >&2; die "the build failed; its log is build/build.log"; }
  grep -A6 -e '\[-W' build/build.log >&2 || true
}

# --- checking ------------------------------------------------------------------------------------

# What the outcome of the tests depends on besides the tree itself.
surroundings ()
{
  for program in gpg gpgsm openssl notmuch neomutt; do
    if have "$program"; then "$program" --version 2>/dev/null | head -n 1; fi
  done
  openssl version
  find ../shared/corpora -maxdepth 1 2>/dev/null | sort
  cat build/configured-as
}

unchanged_since_passed ()
{
  [ -f build/passed ] && [ "$(surroundings)" = "$(cat build/passed)" ] \
    && [ -z "$(find . -newer build/passed ! -name . ! -path './.git*' ! -path './build*' \
                 ! -path './autom4te.cache*' -print | head -n 1)" ] \
    && [ -z "$(find build/src build/ui -newer build/passed -type f -perm -u+x -print | head -n 1)" ]
}

check ()
{
  if unchanged_since_passed; then
    say "nothing has changed since the whole suite passed; make -C build check runs it again"
    tools/count-tests build
    return
  fi
  rm -f build/passed
  status=0
  make -C build -k check </dev/null || status=$?
  tools/count-tests build || status=1
  [ "$status" -eq 0 ] || die "a test failed; its log is beside it in build/, ending in .log"
  surroundings >build/passed
}

# --- the verbs -----------------------------------------------------------------------------------

verb=${1:-}
[ $# -eq 0 ] || shift
extra_groups=
case $verb in
  '') prepare ;;
  all)
    build "$@"
    say "done: build/src/letterlock --help"
    ;;
  demo)
    build "$@"
    exec build/src/letterlock demo </dev/null
    ;;
  check)
    extra_groups=check
    build "$@"
    check
    ;;
  packages) install_groups "$@" ;;
  help|-h|--help) usage ;;
  *)
    usage >&2
    die "unknown verb “$verb”"
    ;;
esac
