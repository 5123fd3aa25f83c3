# azure_oidc_install FOLDER: downloads install.sh of the pinned release, compares it with the digest that
# was reviewed here, lets it install azure-oidc into the folder, and puts the folder on PATH.
azure_oidc_install() {
  azure_oidc_from=${AZURE_OIDC_RELEASES:-https://github.com/YOUR_ORG/azure-oidc/releases/download}/v0.1.0/install.sh
  mkdir -p "$1" || return 1
  if command -v curl >/dev/null 2>&1; then
    curl --fail --silent --show-error --location --retry 3 --output "$1/install.sh" "$azure_oidc_from" || return 1
  else
    wget -q -O "$1/install.sh" "$azure_oidc_from" || return 1
  fi
  azure_oidc_sum=$(sha256sum <"$1/install.sh" 2>/dev/null || shasum -a 256 <"$1/install.sh") || return 1
  if [ "${azure_oidc_sum%% *}" != 1e00ddeb56b486f8a74ef333403041b79ad182ff9ea7d25d427c374099b39e18 ]; then
    echo "error: $azure_oidc_from is not the reviewed install.sh; do not use it" >&2
    return 1
  fi
  sh "$1/install.sh" --dir "$1" || return 1
  export PATH="$1:$PATH"
}
