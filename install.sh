#!/bin/sh
# Installs azure-oidc without root: downloads the archive for this system, verifies it, and puts the
# program into a folder. `sh install.sh --help` prints the options.
#
# SHA256SUMS has the digest of each archive, and minisign signs SHA256SUMS: one key of one line in this
# script is all that a verification needs, so it works offline. Where minisign is not installed,
# OpenSSL verifies the same signature.
set -eu

# Cargo.toml has the same facts; a test compares them.
version=0.1.0
releases=https://github.com/YOUR_ORG/azure-oidc/releases/download
key=YOUR_MINISIGN_KEY

usage() {
  cat <<TEXT
Installs azure-oidc $version without root.

usage: sh install.sh [--version VERSION] [--dir FOLDER] [--require-signature]

  --version VERSION    the version to install [default: $version]
  --dir FOLDER         the folder for the program [default: ~/.local/bin]
  --require-signature  fail unless the signature was verified

variables:
  AZURE_OIDC_RELEASES     where releases are: https://..., or file:///... for a copy
                          [default: $releases]
  AZURE_OIDC_RELEASE_KEY  the minisign key of your own copies
TEXT
}

say() { printf '%s\n' "$*"; }
# What happened, and one thing to do.
fail() {
  printf 'install.sh: error: %s\n' "$1" >&2
  if [ $# -gt 1 ]; then printf 'install.sh: hint: %s\n' "$2" >&2; fi
  exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

dir='' required=no work=''
while [ $# -gt 0 ]; do
  case $1 in
    --version | --dir)
      [ -n "${2:-}" ] || fail "$1 needs a value" "sh install.sh --help"
      if [ "$1" = --version ]; then version=${2#v}; else dir=$2; fi
      shift
      ;;
    --version=*) version=${1#*=} version=${version#v} ;;
    --dir=*) dir=${1#*=} ;;
    --require-signature) required=yes ;;
    -h | --help) usage; exit 0 ;;
    *) fail "there is no option $1" "sh install.sh --help" ;;
  esac
  shift
done
case $version in
  [0-9]*) case $version in *[!0-9A-Za-z.+-]*) fail "$version is no version" "give one such as 0.1.0" ;; esac ;;
  *) fail "\`$version\` is no version" "give one such as 0.1.0" ;;
esac
releases=${AZURE_OIDC_RELEASES:-$releases} releases=${releases%/}
key=${AZURE_OIDC_RELEASE_KEY:-$key}
if [ -z "$dir" ]; then
  [ -n "${HOME:-}" ] || fail "HOME is not set" "name the folder: --dir FOLDER"
  dir=$HOME/.local/bin
fi
# So that a relative path that begins with a dash is no option.
case $dir in /*) ;; *) dir=$PWD/$dir ;; esac

case $releases in
  *YOUR_ORG*) fail "this copy of install.sh does not know where releases are" "set AZURE_OIDC_RELEASES" ;;
  https://* | file:///*) ;;
  http://127.0.0.1[:/]* | http://localhost[:/]*) ;;
  http://*) fail "$releases is not encrypted" "set AZURE_OIDC_RELEASES to an address with https://" ;;
  *) fail "AZURE_OIDC_RELEASES is \`$releases\`, which is no address" "give https://... or file:///..." ;;
esac

case $(uname -s) in
  Linux) system=linux ;;
  Darwin) system=macos ;;
  MINGW* | MSYS* | CYGWIN*) fail "this is Windows" "run install.ps1 in PowerShell" ;;
  *) fail "there is no azure-oidc for $(uname -s)" "build it: cargo install --locked --path host" ;;
esac
case $(uname -m) in
  x86_64 | amd64) processor=amd64 ;;
  aarch64 | arm64) processor=arm64 ;;
  riscv64 | s390x) processor=$(uname -m) ;;
  *) fail "there is no azure-oidc for the processor $(uname -m)" "build it: cargo install --locked --path host" ;;
esac
name=azure-oidc-$version-$system-$processor
archive=$name.tar.gz

for tool in tar gzip mktemp; do
  has "$tool" || fail "$tool is not installed" "install it with the package manager of this system"
done
case $releases in
  file:///*) ;;
  *) has curl || has wget || fail "neither curl nor wget is installed" "install one of them" ;;
esac
has sha256sum || has shasum || has openssl || fail "no program for SHA-256 is installed" \
  "install one: sha256sum, shasum or openssl"

mkdir -p "$dir" 2>/dev/null || fail "the folder $dir cannot be created" "name another one: --dir FOLDER"
# On the file system of the target, so that the last step is a rename: all or nothing.
work=$(mktemp -d "$dir/.azure-oidc.XXXXXX" 2>/dev/null) ||
  fail "the folder $dir cannot be written" "name another one: --dir FOLDER"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Downloads a file of the release. Returns 1 if it cannot, with the reason in $work/reason.
get() {
  case $releases in
    file:///*) cp "${releases#file://}/v$version/$1" "$work/$1" 2>"$work/reason" || return 1; return 0 ;;
    https:*) protocol='=https' ;;
    *) protocol='=http' ;;
  esac
  if has curl; then
    curl --fail --silent --show-error --location --proto "$protocol" --connect-timeout 20 --max-time 600 \
      --retry 3 --retry-delay 1 --output "$work/$1" "$releases/v$version/$1" 2>"$work/reason" || return 1
  else
    case $(wget --version 2>/dev/null || :) in
      *GNU*) wget -nv --tries=3 --timeout=20 -O "$work/$1" "$releases/v$version/$1" 2>"$work/reason" || return 1 ;;
      *) wget -T 20 -O "$work/$1" "$releases/v$version/$1" 2>"$work/reason" || return 1 ;;
    esac
    # BusyBox without its own TLS library accepts any certificate. Then only a signature counts.
    if grep -q 'validation not implemented' "$work/reason"; then required=yes; fi
  fi
}
# The last line is the reason; those before it tell of each new attempt.
reason() { tail -n 1 "$work/reason" 2>/dev/null | tr -d '\r'; }
needed() {
  get "$1" || fail "$releases/v$version/$1 cannot be downloaded: $(reason)" \
    "check the network, the proxy (HTTPS_PROXY) and that this version exists"
}

digest() {
  if has sha256sum; then sha256sum <"$1" | cut -d ' ' -f 1
  elif has shasum; then shasum -a 256 <"$1" | cut -d ' ' -f 1
  else openssl dgst -sha256 -r <"$1" | cut -d ' ' -f 1; fi
}

# Decodes base64 with OpenSSL.
decoded() { printf '%s' "$1" | openssl base64 -d -A; }
# Verifies an Ed25519 signature with OpenSSL: public key in base64, file of the signature, file.
ed25519() {
  # The header of a public key in DER.
  { printf '\060\052\060\005\006\003\053\145\160\003\041\000' && decoded "$1"; } >"$work/key.der"
  openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/key.der" -rawin -sigfile "$2" -in "$3" >/dev/null 2>&1
}
# Whether this OpenSSL has what a verification needs. It is to accept the second test of RFC 8032,
# section 7.1, and to refuse it for another message.
openssl_verifies() {
  has openssl || return 1
  test_key='PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw='
  decoded 'kqAJqfDUyrhyDoILX2QlQKKye1QWUD+Ps3YiI+vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAA==' \
    >"$work/test.sig" 2>/dev/null || return 1
  printf r >"$work/test.good" && printf s >"$work/test.bad"
  ed25519 "$test_key" "$work/test.sig" "$work/test.good" || return 1
  if ed25519 "$test_key" "$work/test.sig" "$work/test.bad"; then return 1; fi
  openssl dgst -blake2b512 -binary <"$work/test.good" >/dev/null 2>&1
}
key_id() { head -c 10 "$1" | tail -c 8 | openssl base64 -A; }
# Verifies SHA256SUMS.minisig with OpenSSL, by the rules of minisign: algorithm, key, file, comment.
minisign_by_openssl() {
  sed -n 2p "$1.minisig" | tr -d '\r\n' >"$work/line"
  decoded "$(cat "$work/line")" >"$work/signature" && decoded "$key" >"$work/public" || return 1
  [ "$(wc -c <"$work/signature")" -eq 74 ] && [ "$(wc -c <"$work/public")" -eq 42 ] || return 1
  [ "$(head -c 2 "$work/signature")" = ED ] && [ "$(head -c 2 "$work/public")" = Ed ] || return 1
  [ "$(key_id "$work/signature")" = "$(key_id "$work/public")" ] || return 1
  tail -c 64 "$work/signature" >"$work/sig" && tail -c 32 "$work/public" >"$work/raw"
  raw=$(openssl base64 -A <"$work/raw")
  openssl dgst -blake2b512 -binary <"$1" >"$work/hash" || return 1
  ed25519 "$raw" "$work/sig" "$work/hash" || return 1
  { cat "$work/sig" && trusted_comment "$1" | tr -d '\n'; } >"$work/commented"
  sed -n 4p "$1.minisig" | tr -d '\r\n' >"$work/line"
  decoded "$(cat "$work/line")" >"$work/sig" && ed25519 "$raw" "$work/sig" "$work/commented"
}
trusted_comment() { sed -n 's/^trusted comment: //p' "$1.minisig" | head -n 1 | tr -d '\r'; }

# Verifies the signature of SHA256SUMS, or says why nobody did.
verify_signature() {
  case $key in
    *YOUR_*) not_verified "this copy of install.sh has no release key" "set AZURE_OIDC_RELEASE_KEY"; return ;;
  esac
  if has minisign; then verifier=minisign
  elif openssl_verifies; then verifier=openssl
  else not_verified "neither minisign nor OpenSSL 3 is installed" "install minisign"; return; fi
  # Whoever could change SHA256SUMS could remove its signature: a missing one is as bad as a wrong one.
  needed SHA256SUMS.minisig
  case $verifier in
    minisign) minisign -V -q -P "$key" -m "$work/SHA256SUMS" -x "$work/SHA256SUMS.minisig" >/dev/null 2>&1 ;;
    openssl) minisign_by_openssl "$work/SHA256SUMS" ;;
  esac || fail "SHA256SUMS is not signed with the release key $key" "do not use these files; tell who published them"
  # A signature of another version says nothing about this one.
  comment=$(trusted_comment "$work/SHA256SUMS")
  [ "$comment" = "azure-oidc $version" ] || fail "the signature is for \`$comment\` and not for azure-oidc $version" \
    "do not use these files; tell who published them"
  say "verified: the signature of SHA256SUMS (with $verifier)"
}
not_verified() {
  if [ "$required" = yes ]; then fail "the signature cannot be verified: $1" "$2"; fi
  say "not verified: the signature of SHA256SUMS, because $1"
}

needed SHA256SUMS
verify_signature
# A line is the digest, two spaces and the name.
wanted=$(sed -n "s/^\([0-9a-f]\{64\}\)  $(printf '%s' "$archive" | sed 's/[.+]/\\&/g')\$/\1/p" "$work/SHA256SUMS")
[ -n "$wanted" ] || fail "SHA256SUMS of version $version does not name $archive" \
  "choose another version: --version VERSION"
needed "$archive"
is=$(digest "$work/$archive")
[ "$is" = "$wanted" ] || fail "$archive has the digest $is and not $wanted: it is damaged, or somebody changed it" \
  "run install.sh again; if that does not help, tell who published it"
say "verified: the SHA-256 digest of $archive"

tar -xzf "$work/$archive" -C "$work" "$name/azure-oidc" 2>"$work/reason" ||
  fail "$archive cannot be unpacked: $(reason)" "check the free space of $dir"
chmod 755 "$work/$name/azure-oidc"
# It runs before it replaces anything: a folder that forbids programs is noticed here.
runs=$("$work/$name/azure-oidc" --version 2>"$work/reason") ||
  fail "the program does not run here: $(reason)" "choose a folder whose file system allows programs: --dir FOLDER"
runs=$(printf '%s\n' "$runs" | head -n 1)
[ "$runs" = "azure-oidc $version" ] || fail "the program says that it is \`$runs\`" "tell who published it"
if [ -d "$dir/azure-oidc" ]; then fail "$dir/azure-oidc is a folder" "name another folder: --dir FOLDER"; fi
mv -f "$work/$name/azure-oidc" "$dir/azure-oidc" ||
  fail "$dir/azure-oidc cannot be replaced" "name another folder: --dir FOLDER"
say "installed: $dir/azure-oidc, version $version"
case :${PATH:-}: in
  *:"$dir":*) ;;
  *) say "hint: add the folder to PATH: export PATH=\"$dir:\$PATH\"" ;;
esac
