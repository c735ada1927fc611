# What images are made of, sent once for all of them; source.Dockerfile.dockerignore leaves out the rest.
FROM scratch
COPY . /
COPY --from=pinned . /pinned
