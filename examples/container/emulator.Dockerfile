# An image with the emulator and nothing else, for amd64 and arm64. The build context is the folder that `cargo xtask dist` makes:
#
#   docker buildx build --platform linux/amd64,linux/arm64 --file examples/container/emulator.Dockerfile target/dist
FROM scratch

ARG TARGETARCH
COPY --chmod=0755 azure-oidc-emulator-linux-${TARGETARCH} /azure-oidc-emulator

LABEL org.opencontainers.image.title="azure-oidc-emulator" \
      org.opencontainers.image.description="A local Microsoft Entra and CI token issuers, for tests" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0"

# Where its certificate and its addresses are, for a volume that the job shares. It runs as root of the container, because such a
# volume belongs to root.
WORKDIR /emulator
EXPOSE 8443
ENTRYPOINT ["/azure-oidc-emulator"]
CMD ["serve", "--listen", "0.0.0.0", "--port", "8443", "--dir", "/emulator", "--ready-file", "/emulator/ready.json"]
