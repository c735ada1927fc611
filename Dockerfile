# The frontend image: one static binary. Build it with
#   docker buildx build -t layerset/frontend:1 .
# or around a binary that cargo has built already:
#   docker buildx build -t layerset/frontend:1 --build-context binary=DIRECTORY .
FROM rust:1-slim AS binary
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    RUSTFLAGS="-C target-feature=+crt-static" \
    cargo build --release --locked --target "$(rustc -vV | sed -n 's/^host: //p')" -p layerset \
    && cp target/*/release/layerset /layerset

FROM scratch
COPY --from=binary /layerset /layerset
# Read by BuildKit before it starts the image: no network, and what clients may ask of it.
LABEL moby.buildkit.frontend.network.none="true" \
      moby.buildkit.frontend.caps="moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts,moby.buildkit.frontend.gitquerystring"
ENTRYPOINT ["/layerset"]
