"""The small parts of the IRC adapter: parsing, text, SASL, waits, settings."""

from __future__ import annotations

import unicodedata
from base64 import b64decode, b64encode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from irc_transcript import ECHOING, PLAIN, Play, machine
from pydantic import ValidationError
from scramp import ScramMechanism

from adapters.irc import Settings, build, ident
from adapters.irc.endings import Backoff
from adapters.irc.facts import Patience
from adapters.irc.hearing import moment
from adapters.irc.library import LONGEST_LINE, Buffer, Features, Line, parse_line
from adapters.irc.nick import Nick
from adapters.irc.prefix import Prefix
from adapters.irc.sasl import Challenge, External, Plain, SaslError, Scram, pieces
from adapters.irc.text import JOINER, clean, fold, render, size, strip
from bot.domain import Message, Span, Style

# --- lines --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("PING", Line("PING")),
        ("ping :a b", Line("PING", ("a b",))),
        (":n!u@h QUIT", Line("QUIT", (), "n!u@h")),
        (":s 001 n :", Line("001", ("n", ""), "s")),
        ("  :s   005   a  b  :c  d ", Line("005", ("a", "b", "c  d "), "s")),
        ("CAP * ACK :sasl ", Line("CAP", ("*", "ACK", "sasl "))),
        ("CAP * ACK sasl ", Line("CAP", ("*", "ACK", "sasl"))),
        (r"@a=1\:\s;b :s X", Line("X", (), "s", (("a", "1; "), ("b", "")))),
        ("PRIVMSG #a :x\r\0y", Line("PRIVMSG", ("#a", "xy"))),
        ("PRIVMSG a\xa0b c", Line("PRIVMSG", ("a\xa0b", "c"))),
    ],
)
def test_lines_are_parsed(text, line):
    """RFC 1459 and IRCv3 lines, lenient about blanks and strict about nothing."""
    assert parse_line(text) == line


@pytest.mark.parametrize("text", ["", " ", ":source", ":source ", "@tag", "\r\0", "@a=b :s "])
def test_lines_without_a_command(text):
    """What holds no command is None and not an exception."""
    assert parse_line(text) is None


def test_tags_and_parameters_may_be_missing():
    """A missing parameter is empty, a missing tag None, a tag without value empty."""
    line = parse_line("@bot;time=1 :n!u@h PRIVMSG #a")
    assert line is not None
    assert (line.nick, line.param(0), line.param(5), line.param(-1)) == ("n", "#a", "", "#a")
    assert (line.tag("bot"), line.tag("time"), line.tag("account")) == ("", "1", None)


def test_buffer_takes_any_bytes():
    """UTF-8 where it is, Latin-1 where it is not, cut anywhere, with LF or CR LF."""
    buffer = Buffer()
    assert buffer.feed("größ".encode()[:3]) == []
    assert buffer.feed("größ".encode()[3:] + b"\r\nOl\xe9\n\n") == ["größ", "Olé", ""]


def test_buffer_is_bounded():
    """A line without an end is dropped rather than kept for ever."""
    buffer = Buffer()
    for _ in range(3):
        assert buffer.feed(b"x" * LONGEST_LINE) == []
    assert buffer.feed(b"\r\nPING\r\n")[-1] == "PING"


@pytest.mark.parametrize(
    "feature",
    ["LOAD=x", "PREFIX=(ov", "MAXLIST=b", "LINELEN=²", "CHANNELLEN=", "=", "-", "CASEMAPPING"],
)
def test_odd_features_are_ignored(feature):
    """ISUPPORT tokens that are malformed, or named like a method, change nothing."""
    features = Features()
    features.load(["n", feature, "CASEMAPPING=ascii", "are supported"])
    assert features.text("CASEMAPPING") == "ascii"
    assert features.number("LINELEN") is None


def test_features_can_be_taken_back():
    """-NAME removes a feature."""
    features = Features()
    features.load(["n", "LINELEN=1024", "BOT=B", "are supported"])
    assert (features.number("LINELEN"), features.text("BOT")) == (1024, "B")
    features.load(["n", "-LINELEN", "-BOT", "are supported"])
    assert (features.number("LINELEN"), features.text("BOT")) == (None, None)


@given(st.binary(max_size=300))
@example(b":irc.test 001\r\n:irc.test 005 n PREFIX=(ov MAXLIST=b LINELEN=9 :x\r\n")
@example(b":a!b@c KICK\r\nMODE\r\nCAP\r\nCAP * ACK\r\nAUTHENTICATE\r\nBATCH\r\n 404\r\n")
def test_no_bytes_raise_in_the_machine(data):
    """Whatever a server sends, the machine goes on, and its next moment is a number."""
    for script in ("", PLAIN, ECHOING):
        played = Play(machine())
        if script:
            played.run(script)
            played.machine.say(played.machine.channels.find("#night"), "hello")
        for text in Buffer().feed(data + b"\n"):
            played.machine.receive(text, 1.0)
        played.machine.take_lines(1.0)
        played.machine.wake(2.0)
        assert isinstance(played.machine.deadline, float)


WORDS = st.sampled_from(
    "nightcrier #night #quiet NickServ +c -c sasl * LS ACK NEW + NAK DEL : :a echo-message PRIVMSG "
    "LINELEN=600 nightcrier-1 t1".split()
)
COMMANDS = st.sampled_from(
    "001 005 324 396 401 403 404 417 432 433 442 473 477 900 901 903 904 908 CAP AUTHENTICATE JOIN "
    "PART KICK MODE NICK QUIT PRIVMSG NOTICE PING PONG BATCH FAIL ACK INVITE CHGHOST ERROR".split()
)
SOURCES = st.sampled_from(["", ":irc.test ", ":nightcrier!u@h ", ":bob!b@h ", "@label=t1 :s "])
LINES = st.tuples(SOURCES, COMMANDS, st.lists(WORDS, max_size=5)).map(
    lambda parts: f"{parts[0]}{parts[1]} {' '.join(parts[2])}"
)


@given(st.lists(LINES, max_size=40))
def test_every_line_said_has_one_fate(lines):
    """In any conversation at all, each accepted line ends in exactly one outcome."""
    account = {"account": "crier", "account_password": "pw", "mechanisms": ("PLAIN",)}
    played = Play(machine("#night", "#quiet", **account))
    said = 0
    for number, text in enumerate(lines):
        played.machine.receive(text, float(number))
        channel = played.machine.channels.find("#night")
        if channel and played.machine.channels.obstacle(channel, 0.0) is None:
            said = played.machine.say(channel, f"line {number}")
        played.now = float(number)
        played._collect()
        played.machine.wake(float(number))
    played.machine.lost("over")
    played._collect()
    settled = [fact.ticket for fact in played.facts if hasattr(fact, "ticket")]
    assert sorted(settled) == list(range(1, said + 1))
    assert not [line for line in played._sent if set(line) & set("\r\n\0")]


# --- text ---------------------------------------------------------------------------------


def plain(text: str, style: Style = Style.PLAIN) -> Message:
    return Message((Span(text, style),))


def test_styles_have_codes():
    """Bold is bold, a room code too, a spoiler black on black."""
    spans = (Span("a", Style.BOLD), Span("-"), Span("AB", Style.CODE), Span("s", Style.SPOILER))
    text = render(Message((*spans, Span("", Style.BOLD))), formatted=True)
    assert text == "\x02a\x02-\x02AB\x02\x0301,01s\x03"
    assert strip(text) == render(Message(spans), formatted=False) == "a-ABs"


@pytest.mark.parametrize("text", ["!roll", ".help", "/quit", ":x", "@op"])
def test_no_line_begins_like_a_command(text):
    """A line that begins as bots' commands do has an invisible character before it."""
    assert render(plain(text), formatted=True) == JOINER + text
    assert render(plain(text, Style.BOLD), formatted=True) == f"{JOINER}\x02{text}\x02"


@given(st.text(), st.sampled_from(Style), st.booleans())
@example("\ud800", Style.PLAIN, True)
def test_rendered_text_is_one_clean_line(text, style, formatted):
    """Only our own codes are left of all control characters, and it can be encoded."""
    rendered = render(plain(text, style), formatted=formatted)
    ours = set("\x02\x03") if formatted else set()
    assert {c for c in rendered if unicodedata.category(c) == "Cc"} <= ours
    assert size(rendered) >= len(rendered)
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("casemapping", "same"),
    [("rfc1459", "a{}|~"), ("rfc1459-strict", "a{}|^"), ("ascii", "a[]\\^"), ("new", "a[]\\^")],
)
def test_folding_follows_the_server(casemapping, same):
    """The four characters of Scandinavia are letters in RFC 1459, and only there."""
    assert fold("A[]\\^", casemapping) == same


# --- SASL ---------------------------------------------------------------------------------


def test_plain_and_external():
    """RFC 4616's three fields; EXTERNAL leaves all to the certificate."""
    assert Plain("a", "p").answer(b"") == b"\0a\0p"
    assert External().answer(b"") == b""


def test_scram_with_a_server():
    """A server that knows the password is satisfied, and proves it; one that does not is not
    believed."""
    mechanism = ScramMechanism("SCRAM-SHA-256")
    salt, stored, server_key, rounds = mechanism.make_auth_info("pencil", iteration_count=4096)
    for key in (server_key, b"\0" * len(server_key)):
        server = mechanism.make_server(lambda _, k=key: (salt, stored, k, rounds))
        client = Scram("user", "pencil", "n0nce")
        server.set_client_first(client.answer(b"").decode())
        server.set_client_final(client.answer(server.get_server_first().encode()).decode())
        final = server.get_server_final().encode()
        if key == server_key:
            assert client.answer(final) == b""
        else:
            with pytest.raises(SaslError):
                client.answer(final)


@pytest.mark.parametrize(
    "challenge",
    [
        b"",
        b"\xff",
        b"r=other,s=QSXCR+Q6sek8bf92,i=4096",
        b"r=n0ncexyz,s=QSXCR+Q6sek8bf92,i=900000000",
        b"r=n0ncexyz,s=QSXCR+Q6sek8bf92",
        b"r=n0ncexyz,s=%,i=4096",
        b"e=unknown-user,i=4096",
    ],
)
def test_scram_refuses_nonsense(challenge):
    """A first message that is no SCRAM, or that asks for hours of work, is a SaslError."""
    client = Scram("user", "pencil", "n0nce")
    client.answer(b"")
    with pytest.raises(SaslError):
        client.answer(challenge)


def test_scram_has_three_steps():
    """More challenges than the mechanism has are a SaslError."""
    client = Scram("user", "pencil", "n0nce")
    client._steps = iter(())
    with pytest.raises(SaslError):
        client.answer(b"")


@given(st.binary(max_size=1_300))
def test_responses_are_cut_and_put_together(response):
    """Pieces of 400 characters, ended by a shorter one or by +, come out as they went in."""
    cut = pieces(response)
    assert all(len(piece) == 400 for piece in cut[:-1])
    assert len(cut[-1]) < 400
    challenge = Challenge()
    answers = [challenge.feed(piece) for piece in cut]
    assert answers == [*[None] * (len(cut) - 1), response]


def test_endless_challenges_are_refused():
    """A challenge of many pieces without an end, and one that is not base64, are SaslErrors."""
    challenge = Challenge()
    assert [challenge.feed("A" * 400) for _ in range(40)] == [None] * 40
    with pytest.raises(SaslError):
        challenge.feed("A" * 400)
    with pytest.raises(SaslError):
        Challenge().feed("A")


def test_scram_in_conversation():
    """SCRAM-SHA-256 as the lines of a sign-on, the server's proof checked before CAP END."""
    mechanism = ScramMechanism("SCRAM-SHA-256")
    info = mechanism.make_auth_info("pw", iteration_count=4096)
    server = mechanism.make_server(lambda _: info)
    account = {"account": "crier", "account_password": "pw", "mechanisms": ("SCRAM-SHA-256",)}
    played = Play(machine(**account))

    def receive(line: str) -> str:
        played.machine.receive(line, 0.0)
        return played.machine.take_lines(0.0)[-1].rpartition(" ")[2]

    receive("CAP * LS :sasl=SCRAM-SHA-256")
    receive("CAP * ACK :sasl")
    server.set_client_first(b64decode(receive("AUTHENTICATE +")).decode())
    first = b64encode(server.get_server_first().encode()).decode()
    server.set_client_final(b64decode(receive(f"AUTHENTICATE {first}")).decode())
    final = b64encode(server.get_server_final().encode()).decode()
    assert receive(f"AUTHENTICATE {final}") == "+"
    assert receive(":irc.test 903 nightcrier :done") == "END"


# --- waits, stamps, prefixes, nicks --------------------------------------------------------


def test_waits_double_and_are_forgotten():
    """Seconds double to five minutes, long waits from 15 min to 6 h; a minute of life resets."""
    backoff = Backoff()
    assert [backoff.wait(Patience.SHORT, 0, 1.0) for _ in range(10)] == [
        2.25, 4.25, 8.25, 16.25, 32.25, 64.25, 128.25, 256.25, 300.25, 300.25,
    ]  # fmt: skip
    assert backoff.wait(Patience.SHORT, 0, 0.0) == 0.25
    long = [backoff.wait(Patience.LONG, 0, 0.0) / 60 for _ in range(7)]
    assert long == [15, 30, 60, 120, 240, 360, 360]
    assert backoff.wait(Patience.LONG, 61, 1.0) == pytest.approx(16.5 * 60)
    assert backoff.wait(Patience.SHORT, 0, 1.0) == 2.25


@pytest.mark.parametrize("stamp", [None, "", "x", "9999-99-99T00:00:00Z"])
def test_senseless_stamps_are_none(stamp):
    """A server-time that is no time is as good as none."""
    assert moment(stamp) is None


def test_prefix_gives_up_at_a_hundred():
    """Each 417 takes a fifth, until there is nothing left to give up."""
    prefix = Prefix("#night")
    assert prefix.shrink(120)
    assert prefix.length("n", None) == 100
    assert not prefix.shrink(100)


def test_nick_without_a_name_in_the_welcome():
    """A welcome that names nobody leaves our nick as it is."""
    nick = Nick("crier", "042")
    nick.welcomed("", 0.0)
    assert nick.current == nick.wanted == "crier"


# --- settings -----------------------------------------------------------------------------


def test_defaults_are_safe():
    """TLS on, 6697, a nick of ten characters, four lines at once and then one each 1.5 s."""
    settings = Settings(host="irc.example.org")
    assert (settings.tls, settings.port, len(settings.nick)) == (True, 6697, 10)
    assert (settings.burst, settings.pace, settings.mechanisms) == (4, 1.5, ())
    assert ident(settings) == "irc.example.org"
    assert Settings(host="h", owner="jo").described.endswith("(run by jo)")


@pytest.mark.parametrize(
    ("changes", "key", "word"),
    [
        ({"nick": "night crier"}, "nick", "pattern"),
        ({"nick": "1crier"}, "nick", "pattern"),
        ({"host": ""}, "host", "pattern"),
        ({"port": 0}, "port", "1"),
        ({"pace": -1}, "pace", "0"),
        ({"realname": "a\nb"}, "realname", "pattern"),
        ({"tls_fingerprint": "ab"}, "tls_fingerprint", "SHA-256"),
        ({"ca_file": "/no/such/file"}, "ca_file", "no such file"),
        ({"password": "a\r\nb"}, "password", "line breaks"),
        ({"keys": {"#a": "b\n"}}, "keys.#a", "line breaks"),
        ({"account": "crier"}, "account", "account_password"),
        ({"sasl": "plain"}, "sasl", "account_password"),
        ({"sasl": "external"}, "sasl", "cert_file"),
        ({"key_file": __file__}, "key_file", "cert_file"),
        ({"tls": False, "tls_fingerprint": "a" * 64}, "tls_fingerprint", "tls = false"),
    ],
)
def test_bad_settings_are_named(changes, key, word):
    """Each wrong value is refused under its key, with a word on what would be right."""
    with pytest.raises(ValidationError) as caught:
        Settings(**{"host": "irc.example.org", **changes})
    (error,) = caught.value.errors()
    assert error["loc"] == tuple(key.split("."))
    assert word in error["msg"]


def test_mechanisms_follow_the_settings(tmp_path):
    """The certificate first, then SCRAM, then PLAIN; or the one that is named; or none."""
    cert = tmp_path / "cert.pem"
    cert.touch()
    both = {"host": "h", "account_password": "p", "cert_file": cert}
    assert Settings(**both).mechanisms == ("EXTERNAL", "SCRAM-SHA-256", "PLAIN")
    assert Settings(**both, sasl="plain").mechanisms == ("PLAIN",)
    assert Settings(**both, sasl="off").mechanisms == ()
    assert Settings(**both, tls_fingerprint=":".join(["AB"] * 32)).tls_fingerprint == "ab" * 32


@pytest.mark.parametrize("name", ["gamenight", "#a b", "#a,b", "#", "#a\r"])
def test_impossible_channel_names(name):
    """A name that no channel can have is refused before anything is connected."""
    with pytest.raises(ValueError, match="#gamenight"):
        build(Settings(host="h"), name="n", channels=(name,), hear=print, memory=None)


@pytest.mark.parametrize("key", ["host", "nick", "username", "realname", "owner", "account"])
def test_settings_of_a_form_say_which(key):
    """A setting that must be of some form has that form in words, for the host's error."""
    assert Settings.model_fields[key].description
