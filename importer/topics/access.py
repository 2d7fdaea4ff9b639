"""Logins, rights and limits."""

from __future__ import annotations

from typing import Final

from importer.topics.topic import Advice, Message, Topic

TOPICS: Final = (
    Topic(
        name="login",
        summary="the registry wants a login, or the image's name is wrong",
        meaning=(
            "The registry doesn't give the image to an anonymous user, or to the user that asked. A registry doesn't "
            "tell strangers whether an image exists, so a misspelt name gets the same answer."
        ),
        checks=(
            "Is the name right: host, repository, spelling? Without a host, docker asks Docker Hub.",
            "Is the login stored for exactly this host and port? A login for host.example isn't used for "
            "host.example:5000.",
            "Is the token or password expired? Artifactory, GitLab, GitHub and ECR take tokens; ECR's last 12 hours.",
            "Do root and your user share the login? sudo docker reads root's ~/.docker/config.json.",
        ),
        advice=(
            Advice("log in", "docker login registry.example"),
            Advice("see whether the login and the name are right", "blobfix tags registry.example/team/app"),
        ),
        messages=(
            Message("pull access denied", "moby, distribution/errors.go"),
            Message(
                "pull access denied for …, repository does not exist or may require docker login",
                "moby, distribution/errors.go",
            ),
            Message("requested access to the resource is denied", "distribution, registry/api/errcode/register.go"),
            Message("insufficient_scope: authorization failed", "containerd, core/remotes/docker/resolver.go"),
            Message("no basic auth credentials", "moby, registry/auth.go; distribution, challenge"),
            Message("authentication required", "distribution, registry/api/errcode/register.go"),
            Message("unauthorized: authentication required", "distribution, registry/api/errcode/register.go"),
            Message("unauthorized: incorrect username or password", "Docker Hub, auth.docker.io"),
            Message("unable to retrieve auth token: invalid username/password", "containers/image, docker_client.go"),
            Message("invalid username/password", "containers/image, docker/errors.go (ErrUnauthorizedForCredentials)"),
            Message("401 Unauthorized", "net/http status text, as skopeo, crane, nginx and Artifactory show it"),
            Message("failed to authorize: failed to fetch anonymous token", "containerd, core/remotes/docker/auth"),
            Message("failed to fetch oauth token", "containerd, core/remotes/docker/authorizer.go"),
            Message("The user: … is not permitted to deploy", "Artifactory"),
            Message("Authentication is required", "Artifactory, JSON errors"),
            Message("Bad credentials", "Artifactory, JSON errors"),
            Message("your authorization token has expired", "Amazon ECR"),
            Message("denied: Your authorization token has expired. Reauthenticate and try again", "Amazon ECR"),
            Message("error getting credentials - err: exec: …: executable file not found", "docker-credential-helpers"),
            Message("unauthorized: access token has insufficient scopes", "GitHub and GitLab registries"),
        ),
    ),
    Topic(
        name="forbidden",
        summary="the login is known, and has no right to do this",
        meaning=(
            "The registry knows who asks and refuses: the user lacks the right, the address isn't allowed, the "
            "repository is for reading only, or a policy (Xray, a firewall, an image scanner) blocks the image."
        ),
        checks=(
            "Has the user the right to read (pull) or to deploy (push) in this repository?",
            "In Artifactory: does a permission target cover the repository, and its -cache for a remote one?",
            "Is it a remote or virtual repository, to which nobody can push without a default deployment repository?",
            "Does the page that came along name a policy? Ask those who own it.",
        ),
        advice=(
            Advice("see whether the user may read there", "blobfix tags registry.example/team/app --username USER"),
        ),
        messages=(
            Message("403 Forbidden", "net/http status text, as skopeo, crane, nginx and Artifactory show it"),
            Message("error parsing HTTP 403 response body", "moby, registry client errors"),
            Message(
                "error parsing HTTP 403 response body: invalid character '<' looking for beginning of value",
                "moby, registry client errors, when a proxy answers with a page",
            ),
            Message("The repository '…' rejected the resolution of an artifact", "Artifactory"),
            Message("rejected the deployment of", "Artifactory"),
            Message("is immutable and cannot be overwritten", "Amazon ECR, tag immutability"),
            Message("tag is immutable", "Harbor and ECR"),
        ),
    ),
    Topic(
        name="rate-limit",
        summary="the registry gives no more for a while: too many pulls",
        meaning=(
            "The registry counts pulls by address or by user, and the limit is reached. Behind a company's proxy or "
            "NAT, all colleagues count as one. Nothing is wrong with the image."
        ),
        checks=(
            "Are you logged in? An account has a limit of its own, higher than the one of an address.",
            "Does a cron job or a CI runner pull again and again from the same address?",
            "Is there a mirror or a remote repository (Artifactory, Harbor) that caches the image? Pull through it.",
        ),
        advice=(
            Advice("log in", "docker login"),
            Advice("wait and go on where it stopped", "blobfix pull docker.io/library/alpine:3 -o downloads"),
        ),
        messages=(
            Message("toomanyrequests", "Docker Hub, docs.docker.com/docker-hub/usage"),
            Message("You have reached your pull rate limit", "Docker Hub, docs.docker.com/docker-hub/usage"),
            Message("You have reached your unauthenticated pull rate limit", "Docker Hub"),
            Message("429 Too Many Requests", "net/http status text, as containerd, skopeo and crane show it"),
            Message("too many requests to registry", "containers/image, docker/errors.go (ErrTooManyRequests)"),
            Message("TOOMANYREQUESTS: retry-after", "GitHub's registry"),
            Message("Rate exceeded", "Amazon ECR"),
        ),
    ),
    Topic(
        name="upload-too-large",
        summary="a proxy before the registry takes no upload of that size",
        meaning=(
            "A layer is larger than a web server or gateway on the way allows in one request. nginx allows 1 MB unless "
            "client_max_body_size says otherwise; Cloudflare 100 MB; application gateways have limits of their own."
        ),
        checks=(
            "nginx: client_max_body_size 0; in the server or location of the registry. Ingress: the annotation "
            'nginx.ingress.kubernetes.io/proxy-body-size: "0".',
            "Does a second proxy or a CDN stand before it? The smallest limit counts.",
        ),
        advice=(
            Advice("push past the proxy, if the registry can be reached", "blobfix push downloads localhost:5000/a:1"),
            Advice(
                "write the registry's storage itself", "blobfix to-registry-tree downloads -n team/app:1 -o registry"
            ),
        ),
        messages=(
            Message(
                "413 Request Entity Too Large", "nginx, src/http/ngx_http_special_response.c; net/http status text"
            ),
            Message("413 Payload Too Large", "HTTP status text of proxies (RFC 7231)"),
            Message("413 Content Too Large", "HTTP status text of proxies (RFC 9110)"),
            Message("client intended to send too large body", "nginx, src/http/ngx_http_core_module.c, error.log"),
        ),
    ),
)
