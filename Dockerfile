# Both services, one target each. A final image holds one binary, its few linked libraries, the
# certificates of public authorities, and empty folders for the volumes. It holds no shell, no
# package manager and no key.
#
#   docker build --target auth-service -t signet-auth-service .
#   docker build --target api-service  -t signet-api-service .

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# The cargo profile. Tests set another one, since an optimised build takes too long.
ARG PROFILE=release
# The caches belong to the builder, so the same step copies the results out of them. They may hold
# builds of other clones, and cargo compares times, so `touch` makes every source newer.
RUN --mount=type=cache,id=signet-registry,target=/usr/local/cargo/registry \
    --mount=type=cache,id=signet-target,target=/src/target,sharing=locked \
    find api-service auth-service docs shared end-to-end -type f -exec touch {} + \
    && cargo build --profile "$PROFILE" --locked -p auth-service -p api-service \
    && for service in auth-service api-service; do \
        root=/images/$service; built=target/$PROFILE; \
        [ "$PROFILE" != dev ] || built=target/debug; \
        install -D -m 0755 "$built/$service" "$root/$service"; \
        ldd "$root/$service" | grep -o '/[^ ]*' | while read -r library; do \
            install -D -m 0755 "$library" "$root$library"; \
        done; \
        install -D -m 0644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"; \
        install -d -m 0700 -o 10001 -g 10001 "$root/data"; \
        install -d -m 0700 -o 10001 -g 10001 "$root/keys/clients"; \
    done \
    && install -d -m 0700 -o 10001 -g 10001 /images/auth-service/keys/signing

# A new volume takes the owner of its folder in the image. Both services run as this one user, so
# both can read the shared volume.
FROM scratch AS auth-service
COPY --from=build /images/auth-service /
USER 10001:10001
# Probes and Prometheus come from other containers. EXPOSE would let `docker run -P` publish the
# management listener.
ENV AUTH_BIND=0.0.0.0:8001 AUTH_MANAGEMENT_BIND=0.0.0.0:9001
EXPOSE 8001
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["/auth-service", "health"]
ENTRYPOINT ["/auth-service"]
CMD ["serve"]

FROM scratch AS api-service
COPY --from=build /images/api-service /
USER 10001:10001
ENV API_BIND=0.0.0.0:8002 API_MANAGEMENT_BIND=0.0.0.0:9002
EXPOSE 8002
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["/api-service", "health"]
ENTRYPOINT ["/api-service"]
CMD ["serve"]
