"""The reverse proxies' examples let the internet reach webhooks and the mask editor, and nothing else.
Never here: TLS certificates."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
import yaml
from typing_extensions import override

from bot.web.region import LARGEST_MASK
from tests.architecture.ground import ROOT
from tests.fixtures.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROXIES = ROOT / "deploy" / "proxies"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
CADDY = shutil.which("caddy")
INSIDE = (
    "/metrics",
    "/healthz",
    "/readyz",
    "/",
    "/hook",
    "/hooks/x",
    "/region",
    "/x/hook/y",
    "/hook/../metrics",
)


class _Easel(BaseHTTPRequestHandler):
    """Answers everything, so whatever is refused was refused by the proxy."""

    def do_GET(self) -> None:
        """Say which path arrived."""
        body = self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, *_words: object) -> None:
        """Stay silent."""


@contextmanager
def easel() -> Iterator[int]:
    """Something behind the proxy."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Easel)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    """A proxy, once it answers."""
    process = subprocess.Popen(  # noqa: S603 - our own words
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(1_200):
            assert process.poll() is None, "the proxy ended"
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                threading.Event().wait(0.05)
        yield
    finally:
        process.terminate()
        process.wait(60)


def ask(port: int, path: str) -> tuple[int, str]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": "easel.example.org"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""


def judge(port: int) -> None:
    for path in ("/hook/abc", "/region/abc", "/region/abc/picture", "/region/assets/1/page.js?x=1"):
        assert ask(port, path) == (200, path)
    assert [(path, ask(port, path)[0]) for path in INSIDE] == [(path, 404) for path in INSIDE]


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_nginx_passes_on_nothing_else(tmp_path: Path) -> None:
    port = free_port()
    text = (PROXIES / "nginx.conf").read_text(encoding="utf-8")
    tls = text[text.rindex("server {") :]
    plain = re.sub(r"^\s*(ssl_\w+|listen \[).*\n", "", tls, flags=re.MULTILINE)
    plain = plain.replace("listen 443 ssl", f"listen 127.0.0.1:{port}").replace(
        "/var/log/nginx", str(tmp_path)
    )
    temps = "".join(
        f"{n}_temp_path {tmp_path}/{n};\n" for n in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    with easel() as behind:
        (tmp_path / "nginx.conf").write_text(
            f"daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/error.log;\n"
            f"events {{}}\nhttp {{\n{temps}{plain.replace('127.0.0.1:8080', f'127.0.0.1:{behind}')}\n}}\n",
            encoding="utf-8",
        )
        with running(
            [str(NGINX), "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "first.log")], port
        ):
            judge(port)


@pytest.mark.skipif(CADDY is None, reason="caddy is not installed")
def test_caddy_passes_on_nothing_else(tmp_path: Path) -> None:
    port = free_port()
    text = (PROXIES / "Caddyfile").read_text(encoding="utf-8")
    with easel() as behind:
        site = text.replace(
            "easel.example.org {", f"http://127.0.0.1:{port}, http://easel.example.org:{port} {{", 1
        )
        site = site.replace("127.0.0.1:8080", f"127.0.0.1:{behind}")
        (tmp_path / "Caddyfile").write_text("{\n\tadmin off\n}\n" + site, encoding="utf-8")
        with running(
            [str(CADDY), "run", "--config", str(tmp_path / "Caddyfile"), "--adapter", "caddyfile"], port
        ):
            judge(port)


def test_all_three_examples_let_a_mask_through_and_keep_no_log_of_secret_addresses() -> None:
    nginx, caddy = ((PROXIES / name).read_text(encoding="utf-8") for name in ("nginx.conf", "Caddyfile"))
    ingress = yaml.safe_load((ROOT / "deploy/kubernetes/ingress.yaml").read_text(encoding="utf-8"))

    assert LARGEST_MASK == 4 * 1024 * 1024
    assert "client_max_body_size 4m;" in nginx
    assert "max_size 4MiB" in caddy
    notes = ingress["metadata"]["annotations"]
    assert notes["nginx.ingress.kubernetes.io/proxy-body-size"] == "4m"
    assert notes["nginx.ingress.kubernetes.io/enable-access-log"] == "false"
    assert nginx.count("access_log off;") == nginx.count("server {") == 2
    assert not re.search(r"^\s*log\b", caddy, re.MULTILINE)
    (rule,) = ingress["spec"]["rules"]
    assert [path["path"] for path in rule["http"]["paths"]] == ["/hook/", "/region/"]
