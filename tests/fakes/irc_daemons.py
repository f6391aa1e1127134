"""Real IRC daemons on loopback: ngircd, and InspIRCd with Atheme's services.

They are started as processes in a folder of the test, on free ports, without throttle unless
asked for, and stopped by their process ids.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from irc_person import Person

START_WAIT = 10.0
INSTALL = "apt-get install --no-install-recommends"
PATHS = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def missing(*packages: str) -> str | None:
    """How to install what is missing of these Debian packages, None if nothing is."""
    absent = [package for package in packages if program(package) is None]
    return f"{INSTALL} {' '.join(absent)}" if absent else None


def program(package: str) -> str | None:
    return shutil.which(package, path=PATHS)


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


@dataclass
class Certificate:
    """A self-signed certificate for localhost."""

    certificate: Path
    key: Path


def certificate(
    folder: Path, name: str = "localhost", hosts: str = "DNS:localhost,IP:127.0.0.1"
) -> Certificate:
    made = Certificate(folder / f"{name}-cert.pem", folder / f"{name}-key.pem")
    request = "openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj".split()
    names = ["-addext", f"subjectAltName={hosts}"]
    files = ["-keyout", made.key, "-out", made.certificate]
    subprocess.run([*request, f"/CN={name}", *names, *files], check=True, capture_output=True)
    return made


class Daemon:
    """A process that listens on ``port``. ``frozen`` stops it without closing anything."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self._processes: list[subprocess.Popen[bytes]] = []

    def _spawn(self, *command: str | Path) -> subprocess.Popen[bytes]:
        with (self.folder / f"{Path(command[0]).name}.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        self._processes.append(process)
        return process

    async def _listening(self, port: int, address: str = "127.0.0.1") -> None:
        """Until it listens, and has seen us come and go: where few may be in, we are not one."""
        async with asyncio.timeout(START_WAIT):
            while True:
                with suppress(OSError):
                    reader, writer = await asyncio.open_connection(address, port)
                    writer.write_eof()
                    await reader.read()
                    writer.close()
                    return
                await asyncio.sleep(0.02)

    def kill(self) -> None:
        """End all processes at once, as a power cut does."""
        for process in self._processes:
            process.kill()
            process.wait()
        self._processes.clear()

    async def stop(self) -> None:
        self.kill()


LINK = "[Server]\nName = {name}\nMyPassword = link\nPeerPassword = link\n"


class Ngircd(Daemon):
    """ngircd: no IRCv3 but multi-prefix, NICKLEN 9, closes the link on a line above 512. It links
    with ``other``, and does so by itself where it knows its port."""

    def __init__(
        self,
        folder: Path,
        *,
        password: str | None = None,
        penalty: int = 0,
        address: str = "127.0.0.1",
        most: int = 0,
        name: str = "irc.test",
        other: str = "",
        other_port: int = 0,
    ) -> None:
        super().__init__(folder)
        self._password = password
        self._penalty = penalty
        self._address = address
        self._most = most
        self._name = name
        self._link = LINK.format(name=other) if other else ""
        self._link += f"Host = 127.0.0.1\nPort = {other_port}\n" if other_port else ""

    async def start(self) -> Ngircd:
        self.port = self.port or free_ports(1)[0]
        config = self.folder / "ngircd.conf"
        password = f"Password = {self._password}\n" if self._password else ""
        config.write_text(
            f"[Global]\nName = {self._name}\nInfo = test\nListen = {self._address}\n"
            f"Ports = {self.port}\n{password}"
            f"ServerUID = {os.getuid()}\nServerGID = {os.getgid()}\nMotdPhrase = hello\n"
            "[Limits]\nMaxConnectionsIP = 0\nMaxJoins = 200\n"
            f"MaxConnections = {self._most}\nMaxPenaltyTime = {self._penalty}\n"
            "PingTimeout = 120\nPongTimeout = 20\n"
            f"[Options]\nDNS = no\nIdent = no\nPAM = no\nConnectIPv6 = no\n{self._link}"
        )
        self._spawn(program("ngircd") or "ngircd", "-n", "-f", config)
        await self._listening(self.port, self._address)
        return self


MODULES = (
    "ssl_gnutls cap ircv3 ircv3_servertime ircv3_batch ircv3_msgid ircv3_echomessage "
    "ircv3_labeledresponse ircv3_ctctags ircv3_capnotify ircv3_accounttag ircv3_chghost "
    "spanningtree sasl services_account sslinfo blockcolor botmode chghost chanhistory"
).split()


class Inspircd(Daemon):
    """InspIRCd 3 with TLS on ``tls_port``, and with ``services`` Atheme linked to it.

    ``bare`` leaves out echo-message and labeled-response; ``banned`` is the reason for which
    nobody from loopback may come in."""

    def __init__(
        self,
        folder: Path,
        *,
        services: bool = False,
        throttle: bool = False,
        bare: bool = False,
        password: str | None = None,
        banned: str = "",
    ) -> None:
        super().__init__(folder)
        self.tls_port = 0
        self.certificate: Certificate | None = None
        self._services = services
        self._throttle = throttle
        self._bare = bare
        self._banned = banned
        self._password = password
        self._link_port = 0

    async def start(self) -> Inspircd:
        if not self.port:
            self.port, self.tls_port, self._link_port = free_ports(3)
            self.certificate = certificate(self.folder)
        config = self.folder / "inspircd.conf"
        config.write_text(self._config())
        self._spawn(
            program("inspircd") or "inspircd",
            *("--nofork", "--runasroot", "--nopid", "--config"),
            config,
        )
        await self._listening(self.port)
        if self._services:
            await self.start_services()
        return self

    async def start_services(self) -> None:
        """Link Atheme; it takes a moment until NickServ is there (:meth:`register` waits)."""
        config = self.folder / "atheme.conf"
        config.write_text(ATHEME.format(port=self._link_port))
        (self.folder / "services").mkdir(exist_ok=True)
        self._services_process = self._spawn(
            program("atheme-services") or "atheme-services",
            *("-n", "-c", config, "-D", self.folder / "services"),
            *("-l", self.folder / "atheme.log", "-p", self.folder / "atheme.pid"),
        )

    def stop_services(self) -> None:
        self._processes.remove(self._services_process)
        self._services_process.terminate()  # it saves its accounts
        self._services_process.wait()

    async def register(self, account: str, password: str) -> None:
        """Register ``account`` with NickServ, once that is there."""
        person = await Person(account).connect(self.port, password=self._password)
        async with asyncio.timeout(START_WAIT):
            while not any(" 303 " in line and "NickServ" in line for line in person.lines):
                person.send("ISON NickServ")
                await asyncio.sleep(0.02)
        person.send(f"PRIVMSG NickServ :REGISTER {password} {account}@example.org")
        await person.expect("now registered")
        await person.leave()

    def _config(self) -> str:
        left_out = {"ircv3_echomessage", "ircv3_labeledresponse"} if self._bare else set()
        modules = "\n".join(f'<module name="{m}">' for m in MODULES if m not in left_out)
        assert self.certificate is not None
        speed = "" if self._throttle else 'threshold="100000" commandrate="100000000"'
        password = f'password="{self._password}"' if self._password else ""
        return INSPIRCD.format(
            modules=modules,
            port=self.port,
            tls_port=self.tls_port,
            link_port=self._link_port,
            cert=self.certificate.certificate,
            key=self.certificate.key,
            speed=speed,
            password=password,
            banned=f'<badhost host="*@127.0.0.1" reason="{self._banned}">' if self._banned else "",
        )


INSPIRCD = """
<server name="irc.test" description="test" network="Test" id="00B">
<admin name="test" nick="test" email="test@example.org">
{banned}
<chanhistory sendtobots="yes">
{modules}
<bind address="127.0.0.1" port="{port}" type="clients">
<bind address="127.0.0.1" port="{tls_port}" type="clients" sslprofile="tls">
<bind address="127.0.0.1" port="{link_port}" type="servers">
<sslprofile name="tls" provider="gnutls" certfile="{cert}" keyfile="{key}" hash="sha256"
  requestclientcert="yes">
<connect allow="*" resolvehostnames="no" useident="no" localmax="500" globalmax="500"
  recvq="1M" softsendq="1M" hardsendq="2M" timeout="20" pingfreq="120" modes="" {speed} {password}>
<channels users="200" opers="200">
<dns timeout="1"><options prefixquit="Quit: " announcets="no">
<performance softlimit="1000" somaxconn="128">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="inspircd.log">
<class name="Shutdown" commands=""><type name="NetAdmin" classes="">
<link name="services.test" ipaddr="127.0.0.1" port="{link_port}" allowmask="*"
  sendpass="link" recvpass="link">
<uline server="services.test" silent="yes">
<sasl target="services.test" requiressl="no">
"""

ATHEME = """
loadmodule "modules/protocol/inspircd";
loadmodule "modules/backend/opensex";
loadmodule "modules/crypto/pbkdf2v2";
loadmodule "modules/nickserv/main";
loadmodule "modules/nickserv/identify";
loadmodule "modules/nickserv/register";
loadmodule "modules/nickserv/ghost";
loadmodule "modules/nickserv/cert";
loadmodule "modules/saslserv/main";
loadmodule "modules/saslserv/plain";
loadmodule "modules/saslserv/external";
serverinfo {{
  name = "services.test"; desc = "services"; numeric = "00A"; recontime = 1; netname = "Test";
  hidehostsuffix = "users.test"; adminname = "test"; adminemail = "t@example.org";
  registeremail = "t@example.org"; hidden; auth = none; casemapping = rfc1459;
}};
uplink "irc.test" {{ host = "127.0.0.1"; port = {port};
  send_password = "link"; receive_password = "link"; }};
nickserv {{ nick = "NickServ"; user = "NickServ"; host = "services.test"; real = "NickServ"; }};
saslserv {{ nick = "SaslServ"; user = "SaslServ"; host = "services.test"; real = "SASL"; }};
database {{ }};
general {{ commit_interval = 5; default_clone_limit = 0; flood_msgs = 0; ratelimit_uses = 0; }};
"""
