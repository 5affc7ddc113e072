#!/usr/bin/env bash
# deps.sh NEED... installs the Debian packages behind the needs that this machine does not meet yet.
#
# Needs: postgres chromium poppler tesseract qpdf node gcc git sshd journal. With everything there it asks nothing of apt and
# returns at once. As root it calls apt-get directly, otherwise through sudo; where neither works it says what to
# install and fails.
set -euo pipefail

have() { command -v "$1" >/dev/null; }

# has_postgres: a server of version 15 or newer, found the way scripts/postgres.sh finds it.
has_postgres() { "$(dirname "${BASH_SOURCE[0]}")/postgres.sh" bindir >/dev/null 2>&1; }

packages=()
need() { # PACKAGE... when the command before failed
  packages+=("$@")
}
for n in "$@"; do
  case $n in
    postgres)  has_postgres || need postgresql ;;
    chromium)  have chromium || have chromium-browser || have google-chrome || need chromium ;;
    poppler)   { have pdftotext && have pdftoppm; } || need poppler-utils ;;
    tesseract) have tesseract || need tesseract-ocr ;;
    qpdf)      have qpdf || need qpdf ;;
    node)      have node || need nodejs
               have npm || need npm ;;
    gcc)       have gcc || need gcc libc6-dev ;; # the race detector links with it
    git)       have git || need git ;;
    journal)   have hledger || need hledger
               have ledger || need ledger
               have bean-check || need beancount ;;
    sshd)      [[ -x /usr/sbin/sshd ]] || need openssh-server ;;
    *)         echo "deps.sh: unknown need $n" >&2; exit 2 ;;
  esac
done
if ((${#packages[@]} == 0)); then
  exit 0
fi

give_up() {
  echo "deps.sh: $1" >&2
  echo "The tests need these packages (Debian's names): ${packages[*]}" >&2
  echo "Install them and run make again." >&2
  exit 1
}

have apt-get || give_up "there is no apt-get here"
root=()
if ((EUID != 0)); then
  have sudo || give_up "installing needs root, and there is no sudo"
  root=(sudo)
  # Without a terminal nobody can type a password.
  [[ -t 0 ]] || root=(sudo -n)
fi
apt() { "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "$@" </dev/null; }

# The tests run an SSH server of their own: that of the package is not to open a door into this machine.
if [[ " ${packages[*]} " == *" openssh-server "* ]] && have systemctl; then
  "${root[@]}" systemctl mask ssh.service ssh.socket || true
fi

echo "installing: ${packages[*]}"
apt update -q || echo "deps.sh: apt-get update failed; trying with the lists at hand" >&2
apt install -q -y --no-install-recommends "${packages[@]}" || give_up "apt-get install failed"
