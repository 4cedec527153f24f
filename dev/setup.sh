#!/bin/sh
# Brings a fresh machine (Node 20 or newer, npm, Debian) to where the program can run: `setup.sh run` for
# `npm run demo`, `setup.sh test` for `npm test`. What is there already is left alone.
set -u
cd "$(dirname "$0")/.." || exit 3

want_npm() {
  stamp=node_modules/.cvdnet-installed
  if [ -f "$stamp" ] && [ "$stamp" -nt package-lock.json ] && [ "$stamp" -nt package.json ]; then return; fi
  echo "setup: installing npm packages"
  npm install --no-save --no-progress --loglevel=error || { echo "setup: npm could not install the packages" >&2; exit 3; }
  : > "$stamp"
}

# Debian packages by the program, or the file below /, that shows they are there.
want_debian() {
  missing=
  for pair in "$@"; do
    command -v "${pair%%=*}" > /dev/null 2>&1 || [ -x "/usr/sbin/${pair%%=*}" ] || [ -e "/${pair%%=*}" ] || missing="$missing ${pair#*=}"
  done
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null 2>&1; then
    echo "setup: installing Debian packages:$missing"
    # Tests start servers of their own: none of the packages' starts here, unless the machine has a word of its own on it.
    policy=/usr/sbin/policy-rc.d
    [ -e "$policy" ] && policy= || { printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod 755 "$policy"; }
    # shellcheck disable=SC2086
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } \
      > .setup.log.tmp 2>&1 || { tail -n 5 .setup.log.tmp >&2; echo "setup: could not install:$missing" >&2; }
    rm -f .setup.log.tmp
    [ -z "$policy" ] || rm -f "$policy"
  else
    echo "setup: missing; as root: apt-get install$missing" >&2
  fi
}

# PostgreSQL's programs, in a folder of their own; tests start their own server. The package would start one for the
# whole machine, unless it is told before.
want_postgres() {
  for program in /usr/lib/postgresql/*/bin/initdb; do [ -x "$program" ] && return 0; done
  conf=/etc/postgresql-common/createcluster.conf
  if [ "$(id -u)" = 0 ] && [ ! -e "$conf" ]; then
    mkdir -p "${conf%/*}" && echo 'create_main_cluster = false' > "$conf"
  fi
  want_debian initdb=postgresql
}

want_npm
case "${1:-run}" in
  run) want_debian rsync=rsync gpg=gnupg gpgv=gpgv usr/share/tor/geoip=tor-geoipdb ;;
  test)
    want_debian rsync=rsync ssh=openssh-client sshd=openssh-server sigtool=clamav freshclam=clamav-freshclam clamd=clamav-daemon \
      gpg=gnupg gpgv=gpgv useradd=passwd \
      openssl=openssl nginx=nginx-light apache2=apache2 lighttpd=lighttpd caddy=caddy lockfile=procmail \
      webalizer=webalizer usr/lib/cgi-bin/awstats.pl=awstats \
      usr/lib/lighttpd/mod_openssl.so=lighttpd-mod-openssl usr/share/tor/geoip=tor-geoipdb \
      dig=bind9-dnsutils named=bind9 delv=bind9-dnsutils dnssec-dsfromkey=bind9-utils unbound=unbound nsd=nsd knotd=knot ip=iproute2 \
      "pdns_server=pdns-server pdns-backend-remote"
    want_postgres ;;
  *) echo "usage: setup.sh run|test" >&2; exit 2 ;;
esac
