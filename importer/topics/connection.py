"""Certificates, proxies, names of hosts, and connections that break."""

from __future__ import annotations

from typing import Final

from importer.topics.topic import Advice, Message, Topic

TOPICS: Final = (
    Topic(
        name="certificate",
        summary="the registry's certificate isn't trusted",
        meaning=(
            "The registry, or a company's proxy that looks into TLS, has a certificate that this machine's CA list "
            "doesn't know, that has expired, or that is for another name. docker, containerd and podman read CAs at "
            "different places, and docker's daemon reads them, not the client."
        ),
        checks=(
            "Who issued it? If it's your company's proxy, its CA must be installed on this machine.",
            "docker: /etc/docker/certs.d/HOST:PORT/ca.crt. podman, skopeo: /etc/containers/certs.d. containerd: "
            "hosts.toml. All of them: the system's CA list, after update-ca-certificates and a restart of the daemon.",
            "Is the clock of this machine right? A certificate that isn't yet valid or has expired may only seem so.",
            "Is the host spelt as in the certificate? An address or a short name isn't the same.",
        ),
        advice=(
            Advice(
                "see the certificate and who issued it",
                "openssl s_client -connect registry.example:443 -showcerts </dev/null",
            ),
            Advice("pull with that CA", "SSL_CERT_FILE=ca.pem blobfix pull registry.example/team/app:1 -o downloads"),
        ),
        messages=(
            Message("x509: certificate signed by unknown authority", "Go, crypto/x509/verify.go"),
            Message("x509: certificate has expired or is not yet valid", "Go, crypto/x509/verify.go"),
            Message("x509: certificate is valid for …, not …", "Go, crypto/x509/verify.go (HostnameError)"),
            Message(
                "x509: cannot validate certificate for … because it doesn't contain any IP SANs", "Go, crypto/x509"
            ),
            Message("x509: certificate relies on legacy Common Name field, use SANs instead", "Go, crypto/x509"),
            Message("certificate is not trusted", "Go, crypto/x509 on macOS and Windows"),
            Message("tls: failed to verify certificate", "Go, crypto/tls/common.go (CertificateVerificationError)"),
            Message("tls: bad certificate", "Go, crypto/tls/alert.go"),
            Message("remote error: tls: handshake failure", "Go, crypto/tls/alert.go"),
            Message("tls: protocol version not supported", "Go, crypto/tls/alert.go"),
            Message("SSL certificate problem: unable to get local issuer certificate", "curl with OpenSSL"),
            Message("SSL certificate problem: self-signed certificate", "curl with OpenSSL"),
            Message("CERTIFICATE_VERIFY_FAILED", "Python, ssl; OpenSSL"),
            Message("NET::ERR_CERT_AUTHORITY_INVALID", "Chromium, net_error_list.h"),
            Message("SEC_ERROR_UNKNOWN_ISSUER", "Firefox, NSS"),
            Message("PKIX path building failed", "Java, as Artifactory says of a remote repository"),
        ),
    ),
    Topic(
        name="http-or-https",
        summary="one side speaks http, the other https",
        meaning=(
            "Registries are asked by https, except those on localhost. The registry here speaks plain http, or a "
            "plain request came to a port for https."
        ),
        checks=(
            "Is the port right? 5000 is often plain http, 443 and 5443 are https.",
            'docker: "insecure-registries": ["HOST:PORT"] in /etc/docker/daemon.json, and restart docker. podman: '
            "insecure = true in /etc/containers/registries.conf. containerd: hosts.toml with http://.",
        ),
        advice=(
            Advice("look whether it answers by http", "curl -i http://registry.example:5000/v2/"),
            Advice("pull by plain http", "blobfix pull --plain-http registry.example:5000/team/app:1 -o downloads"),
        ),
        messages=(
            Message("http: server gave HTTP response to HTTPS client", "Go, net/http/client.go"),
            Message("tls: first record does not look like a TLS handshake", "Go, crypto/tls/conn.go"),
            Message("Client sent an HTTP request to an HTTPS server", "Go, net/http/server.go"),
            Message("The plain HTTP request was sent to HTTPS port", "nginx, ngx_http_special_response.c (497)"),
            Message("malformed HTTP response", "Go, net/http/response.go"),
            Message("wrong version number", "OpenSSL, as curl shows it"),
        ),
    ),
    Topic(
        name="proxy",
        summary="a proxy is in the way, or isn't set where it is needed",
        meaning=(
            "The connection goes, or should go, through a company's proxy. The daemon makes the connection, not the "
            "docker command: variables of your shell don't reach it."
        ),
        checks=(
            'docker: "proxies" in /etc/docker/daemon.json, or a drop-in of systemd with HTTPS_PROXY; then restart it.',
            "Is the registry's host in NO_PROXY, if it's inside the company?",
            "Does the proxy want a login (407)? User and password are part of its address.",
            "Does the proxy answer with a page of its own? Then a saved layer is that page: blobfix explain BF107.",
        ),
        advice=(
            Advice("see what the daemon uses", "docker info"),
            Advice(
                "download past the daemon", "HTTPS_PROXY=http://proxy.example:3128 blobfix pull alpine:3 -o downloads"
            ),
        ),
        messages=(
            Message("407 Proxy Authentication Required", "net/http status text; RFC 9110"),
            Message("proxyconnect tcp", "Go, net/http/transport.go"),
            Message("proxyconnect tcp: dial tcp", "Go, net/http/transport.go"),
            Message("Proxy Authentication Required", "RFC 9110; Go shows a proxy's status line as the error"),
            Message("received HTTP code … from proxy after CONNECT", "curl, lib/cf-h1-proxy.c"),
            Message("Could not resolve proxy", "curl, lib/strerror.c"),
            Message("ERR_PROXY_CONNECTION_FAILED", "Chromium, net_error_list.h"),
            Message("ERR_TUNNEL_CONNECTION_FAILED", "Chromium, net_error_list.h"),
        ),
    ),
    Topic(
        name="timeout",
        summary="the server, or something on the way to it, doesn't answer in time",
        meaning=(
            "The connection could not be made, or nothing came for too long. A firewall that drops packets looks like "
            "this, as do a slow proxy, an overloaded server, and a remote repository that is still fetching the layer."
        ),
        checks=(
            "Is the host reachable at all, from this machine and without a browser's proxy?",
            "Only large layers? A remote repository fetches the whole layer before it sends a byte: try again later.",
            "Only TLS, not ping? A VPN with a small MTU swallows large packets.",
            'Many layers at once on a slow line? "max-concurrent-downloads": 1 in docker\'s daemon.json.',
        ),
        advice=(
            Advice("see where it stops", "curl -v https://registry.example/v2/"),
            Advice(
                "download with patience, resuming",
                "blobfix pull registry.example/team/app:1 -o downloads --timeout 300",
            ),
        ),
        messages=(
            Message("net/http: TLS handshake timeout", "Go, net/http/transport.go"),
            Message("i/o timeout", "Go, internal/poll and net (os.ErrDeadlineExceeded)"),
            Message("dial tcp …: i/o timeout", "Go, net/dial.go"),
            Message("context deadline exceeded", "Go, context; docker, containerd, crane, kubelet"),
            Message("Client.Timeout exceeded while awaiting headers", "Go, net/http/client.go"),
            Message("Client.Timeout or context cancellation while reading body", "Go, net/http/client.go"),
            Message("net/http: request canceled while waiting for connection", "Go, net/http/client.go"),
            Message("net/http: timeout awaiting response headers", "Go, net/http/transport.go"),
            Message("504 Gateway Time-out", "nginx, ngx_http_special_response.c"),
            Message("504 Gateway Timeout", "net/http status text"),
            Message("upstream timed out", "nginx, ngx_http_upstream.c, error.log"),
            Message("408 Request Timeout", "net/http status text"),
            Message("Operation timed out after … milliseconds", "curl, lib/multi.c"),
            Message("Connection timed out", "POSIX ETIMEDOUT"),
            Message("connection timed out", "Go, syscall ETIMEDOUT"),
            Message("ERR_TIMED_OUT", "Chromium, net_error_list.h"),
            Message("Read timed out", "Java, as Artifactory says of a remote repository; Python requests"),
        ),
    ),
    Topic(
        name="connection-broken",
        summary="the connection ended in the middle",
        meaning=(
            "Something between here and the registry closed the connection: a proxy with a limit of time or size, a "
            "load balancer, a server that restarted. The download can be resumed where it broke off."
        ),
        checks=(
            "Always at the same size, 1 GiB say? That's a proxy's limit: nginx's proxy_max_temp_file_size is 1 GiB.",
            "Always after the same time, 60 seconds say? That's a limit of time in a proxy or load balancer.",
            "At random? A VPN, Wi-Fi, or a server that restarts.",
        ),
        advice=(
            Advice("download with resuming", "blobfix pull registry.example/team/app:1 -o downloads"),
            Advice("go on with what you have", "blobfix complete downloads --from registry.example/team/app:1"),
        ),
        messages=(
            Message("connection reset by peer", "POSIX ECONNRESET"),
            Message("read: connection reset by peer", "Go, net; syscall ECONNRESET"),
            Message("wsarecv: An existing connection was forcibly closed by the remote host", "Windows, WSAECONNRESET"),
            Message("broken pipe", "POSIX EPIPE"),
            Message("use of closed network connection", "Go, net (ErrClosed)"),
            Message("http2: server sent GOAWAY", "Go, net/http/h2_bundle.go"),
            Message("stream error: stream ID …; INTERNAL_ERROR", "Go, net/http2"),
            Message("http2: client connection lost", "Go, net/http2"),
            Message("server closed idle connection", "Go, net/http/transport.go"),
            Message("upstream prematurely closed connection", "nginx, ngx_http_upstream.c, error.log"),
            Message("an upstream response is buffered to a temporary file", "nginx, ngx_event_pipe.c, error.log"),
            Message("recv failure: Connection reset by peer", "curl, lib/cf-socket.c"),
            Message("Empty reply from server", "curl, lib/http.c"),
            Message("HTTP/2 stream … was not closed cleanly", "curl, lib/http2.c"),
            Message("Download failed after 5 attempts", "moby, distribution/xfer/download.go"),
            Message("Failed - Network error", "Chromium, downloads"),
            Message("ERR_CONTENT_LENGTH_MISMATCH", "Chromium, net_error_list.h"),
            Message("ERR_INCOMPLETE_CHUNKED_ENCODING", "Chromium, net_error_list.h"),
            Message(
                "Premature end of Content-Length delimited message body", "Apache HttpClient, as in Artifactory's log"
            ),
        ),
    ),
    Topic(
        name="unreachable",
        summary="there is no such host, or nothing listens there",
        meaning="The name isn't known to this machine's DNS, the route is closed, or no server listens at that port.",
        checks=(
            "Is the host spelt right? A host without a dot or port is taken for a folder of Docker Hub.",
            "Is the name known outside of the VPN, and inside of containers and of the daemon?",
            "Is the registry running, at this port, on this address and not on 127.0.0.1 alone?",
        ),
        advice=(
            Advice("ask the DNS", "getent hosts registry.example"),
            Advice("ask the registry", "curl -i https://registry.example/v2/"),
        ),
        messages=(
            Message("no such host", "Go, net/dnsclient (errNoSuchHost)"),
            Message("dial tcp: lookup … on …: no such host", "Go, net/dnsclient_unix.go"),
            Message("server misbehaving", "Go, net/dnsclient (errServerMisbehaving)"),
            Message("Temporary failure in name resolution", "glibc, EAI_AGAIN"),
            Message("connection refused", "POSIX ECONNREFUSED"),
            Message("no route to host", "POSIX EHOSTUNREACH"),
            Message("network is unreachable", "POSIX ENETUNREACH"),
            Message("Could not resolve host", "curl, lib/hostip.c"),
            Message("pinging container registry", "containers/image, docker/docker_client.go"),
            Message("ERR_NAME_NOT_RESOLVED", "Chromium, net_error_list.h"),
            Message("ERR_CONNECTION_REFUSED", "Chromium, net_error_list.h"),
        ),
    ),
    Topic(
        name="server-error",
        summary="the registry, or what stands before it, has failed",
        meaning=(
            "The server answered that it can't answer. 502 and 503 come from a proxy whose registry is down or "
            "overloaded; 500 comes from the registry itself and has its reason in the registry's log: a full disk, "
            "a storage that can't be reached, a damaged link in its storage."
        ),
        checks=(
            "The registry's log, at the time of the request: docker logs REGISTRY, or artifactory-service.log.",
            "Only this image? Then its storage may be damaged: repair-tree on the registry's root tells.",
            "All images? Disk full, bucket or database unreachable, still starting.",
        ),
        advice=(
            Advice("see whether it's alive", "curl -i https://registry.example/v2/"),
            Advice("check the registry's storage", "blobfix repair-tree /srv/registry"),
        ),
        messages=(
            Message("500 Internal Server Error", "net/http status text"),
            Message("received unexpected HTTP status: 500 Internal Server Error", "moby, registry client errors"),
            Message("502 Bad Gateway", "nginx, ngx_http_special_response.c; net/http status text"),
            Message("received unexpected HTTP status: 502 Bad Gateway", "moby, registry client errors"),
            Message("503 Service Unavailable", "net/http status text"),
            Message("503 Service Temporarily Unavailable", "nginx, ngx_http_special_response.c"),
            Message("unknown: unknown error", "distribution, errcode (ErrorCodeUnknown)"),
            Message("connect() failed (111: Connection refused) while connecting to upstream", "nginx, error.log"),
            Message("no live upstreams while connecting to upstream", "nginx, ngx_http_upstream.c, error.log"),
            Message("UNAVAILABLE: service unavailable", "distribution, errcode (ErrorCodeUnavailable)"),
        ),
    ),
)
