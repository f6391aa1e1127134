"""bot.chat: which lines of real chats are votes, questions and orders, and which are nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot import chat
from bot.chat import Mute, Order, Question, Rules, Said, Vote
from bot.domain import Ask, Author, Line, Target

HERE = Target("libera", "#games")
RULES = Rules(names=("nightcrier", "<@123456789012345678>"), ignore_nicks=("Bridge", "spammer"))
NOTHING: Said = ()
UP, DOWN = (Vote(True),), (Vote(False),)


def on(*tickers: str) -> Said:
    """Votes as they are written here: ``QPL3+``."""
    return tuple(Vote(each.endswith("+"), each[:-1]) for each in tickers)


def said(text: str, **given: object) -> Line:
    line = Line(HERE, Author("nick:ann", "ann"), text, 1000.0)
    return replace(line, **given)  # type: ignore[arg-type]


VOTES: list[tuple[str, Said]] = [
    ("thisgame++", UP),
    ("thisgame--", DOWN),
    ("ThisGame++", UP),
    ("THISGAME--", DOWN),
    ("  thisgame++  ", UP),
    ("lol thisgame++", UP),
    ("thisgame++ that was great", UP),
    ("ok honestly thisgame-- sorry", DOWN),
    ("thisgame++!!!", UP),
    ("thisgame++, easily", UP),
    ("(thisgame++)", UP),
    ("thisgame++++", UP),
    ("thisgame---", DOWN),
    ("thisgame++ thisgame++ thisgame++", UP),
    ("hmm...thisgame++", UP),
    ("👍thisgame++👍", UP),
    ("**thisgame++**", UP),
    ("_thisgame++_", UP),
    ("||thisgame--||", DOWN),
    ("bob: thisgame++", UP),
    ("nightcrier: thisgame++", UP),
    ("<@99> thisgame++ right?", UP),
    ("<:pog:1234> thisgame++", UP),
    ("<a:pog:1234> thisgame++", UP),
    (">:( thisgame--", DOWN),
    (">_> thisgame--", DOWN),
    ("<3 thisgame++", UP),
    ("see https://example.org thisgame++", UP),
    ("`code` thisgame++", UP),
    ("it's `fine thisgame++", UP),
    ('"best round ever" thisgame++', UP),
    ("\x02thisgame++\x02", UP),
    ("\x0304,01thisgame++\x03", UP),
    ("\x04ff0000thisgame++\x0f", UP),
    ("this\u200bgame++", UP),
    ("> that was close\nthisgame++", UP),
    ("thisgame++\n>>> all of\nthisgame--", UP),
    ("QPL3++", on("QPL3+")),
    ("qpl3--", on("QPL3-")),
    ("Qpl3++", on("QPL3+")),
    ("FIB++", on("FIB+")),
    ("TMP2++ DRW--", on("TMP2+", "DRW-")),
    ("thisgame++ but QPL3--", (Vote(True), Vote(False, "QPL3"))),
    ("QPL3++ thisgame++ thisgame--", on("QPL3+")),
    ("qpl3++ QPL3++", on("QPL3+")),
]

NO_VOTES = [
    "",
    "   ",
    "thisgame",
    "thisgame+",
    "thisgame-",
    "thisgame +1",
    "++thisgame",
    "--thisgame",
    "thisgame ++",
    "thisgame+-",
    "thisgame++--",
    "thisgame++ thisgame--",
    "thisgame-- no wait thisgame++",
    "notthisgame++",
    "thisgame2++",
    "thatgame++",
    "this_game++",
    "thisgame++x",
    "thisgame-->",
    "thisgame--force",
    "thisgame— what a mess",
    "c++",
    "C++",
    "C++ is not a game",
    "i--",
    "i++;",
    "for (int i = 0; i < 10; i++)",
    "x2y3z++",
    "g++ -O2 main.cpp",
    "yes-- no-- lol++",
    "and--or",
    "2020++",
    "100--",
    "player++",
    "ls --all",
    "git log A1--B2",
    "item.ID2++",
    "`thisgame++`",
    "``thisgame++ ` ``",
    "```\nthisgame++\n```",
    "```py\nQPL3++\n``` nice",
    "this`x`game++",
    "https://example.org/thisgame++",
    "https://example.org/?q=thisgame++",
    "https://example.org/;QPL3++;x",
    "www.example.org/(thisgame++)",
    "example.org/thisgame++",
    "a=QPL3++",
    "#thisgame++",
    "@thisgame++",
    '"thisgame++"',
    "'thisgame++'",
    'bob wrote "thisgame++ I guess" and left',
    'bob wrote "I gave thisgame++ then" and left',
    "he said “no, thisgame++ it is” twice",
    "sie sagte „thisgame++ ja“ und ging",
    "il a dit «thisgame++ oui»",
    "> thisgame++",
    ">thisgame++",
    ">>> thisgame++\nthisgame++",
    "<bob> thisgame++",
    "<@bob> thisgame++",
    "[21:04] <bob> thisgame++",
    "21:04:11 <+bob> thisgame++",
    "AA++ BB++ CC++ DD++ EE++ FF++",
]


@pytest.mark.parametrize(("text", "votes"), VOTES)
def test_votes(text: str, votes: Said) -> None:
    """A line votes on every game that its author gives one sign."""
    assert chat.parse(said(text), RULES) == votes


@pytest.mark.parametrize("text", NO_VOTES)
def test_no_votes(text: str) -> None:
    """What is code, an address, a quotation, half a vote or both is no vote."""
    assert chat.parse(said(text), RULES) == NOTHING


COMMANDS: list[tuple[str, Said]] = [
    ("!votes", Question.VOTES),
    ("!VOTES", Question.VOTES),
    ("  !votes", Question.VOTES),
    ("!votes please", Question.VOTES),
    ("!votes?", Question.VOTES),
    ("!night", Question.NIGHT),
    ("!top", Question.TOP),
    ("!status", Question.STATUS),
    ("!help", Question.HELP),
    ("\x02!help\x02", Question.HELP),
    ("nightcrier: votes", Question.VOTES),
    ("Nightcrier, status?", Question.STATUS),
    ("nightcrier: !votes", Question.VOTES),
    ("@nightcrier top", Question.TOP),
    ("@nightcrier: top", Question.TOP),
    ("<@123456789012345678> votes", Question.VOTES),
    ("!mute 30m", Mute(1800.0)),
    ("!mute 1h30m", Mute(5400.0)),
    ("!mute 90 min", Mute(5400.0)),
    ("nightcrier: mute 45s", Mute(45.0)),
    ("!mute", Mute(None)),
    ("!mute forever", Mute(None)),
    ("!mute 25h", Mute(None)),
    ("!mute 0m", Mute(None)),
    ("!unmute", Order.UNMUTE),
    ("!say-again", Order.SAY_AGAIN),
    ("!reconnect", Order.RECONNECT),
    ("!votes thisgame++", Question.VOTES),
    # nothing
    ("!", NOTHING),
    ("! votes", NOTHING),
    ("!!votes", NOTHING),
    ("!vote", NOTHING),
    ("!roll 2d6", NOTHING),
    ("votes", NOTHING),
    ("so, !votes shows them", NOTHING),
    ("nightcrier votes", NOTHING),
    ("nightcrier", NOTHING),
    ("nightcrier:", NOTHING),
    ("@nightcrier", NOTHING),
    ("@nightcriers top", NOTHING),
    ("nightcrier: night night!", NOTHING),
    ("nightcrier: thank you", NOTHING),
    ("bob: votes", NOTHING),
    ("<@1> votes", NOTHING),
]


@pytest.mark.parametrize(("text", "asked"), COMMANDS)
def test_commands(text: str, asked: Said) -> None:
    """A command stands at the beginning, behind the prefix or our name."""
    assert chat.parse(said(text), RULES) == asked


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("votes", Question.VOTES),
        ("!votes", Question.VOTES),
        ("mute 10 minutes", Mute(600.0)),
        ("unmute", Order.UNMUTE),
        ("good night", NOTHING),
        ("night all", NOTHING),
        ("", NOTHING),
    ],
)
def test_private(text: str, asked: Said) -> None:
    """In a private message a command needs neither prefix nor name, and stands alone."""
    assert chat.parse(said(text, private=True), RULES) == asked


@pytest.mark.parametrize(
    "text",
    [
        "[irc] <bob> thisgame++",
        "[IRC] bob: thisgame++",
        "[kosmi] thisgame--",
        "\x0303[kosmi]\x03 <bob> !votes",
        "**[irc]** bob: !reconnect",
        "  [discord] QPL3++",
        "[\u200birc] thisgame++",
    ],
)
def test_relayed_lines_are_nothing(text: str) -> None:
    """What a relay carries over was said, and is counted, elsewhere."""
    assert chat.parse(said(text), RULES) == NOTHING


@pytest.mark.parametrize(
    "author",
    [
        Author("nick:helper", "helper", is_bot=True),
        Author("nick:bridge", "bRIDGE"),
        Author("account:spammer", "ann", account="Spammer"),
        Author("spammer", "ann"),
    ],
)
@pytest.mark.parametrize("text", ["thisgame++", "!votes", "nightcrier: !mute 1h"])
def test_the_ignored_are_not_heard(author: Author, text: str) -> None:
    """Bots, and whom the host ignores by name, account or id, neither vote nor command."""
    assert chat.parse(said(text, author=author), RULES) == NOTHING


def test_prefixes_are_the_hosts() -> None:
    """Another prefix makes commands, and an empty one among the relays' ignores nobody."""
    rules = replace(RULES, prefix="?", ignore_prefixes=("", "[web]"))
    assert chat.parse(said("?votes"), rules) is Question.VOTES
    assert chat.parse(said("!votes"), rules) == NOTHING
    assert chat.parse(said("[irc] thisgame++"), rules) == UP
    assert chat.parse(said("[web] thisgame++"), rules) == NOTHING


def test_switches() -> None:
    """Votes and commands can be switched off, each without the other."""
    no_votes, no_commands = replace(RULES, votes=False), replace(RULES, commands=False)
    assert chat.parse(said("thisgame++"), no_votes) == NOTHING
    assert chat.parse(said("!votes"), no_votes) is Question.VOTES
    assert chat.parse(said("!votes thisgame++"), no_commands) == UP


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30m", 1800.0),
        ("1h", 3600.0),
        ("2 hours", 7200.0),
        ("1h 30m", 5400.0),
        ("1H30M15S", 5415.0),
        ("45 secs", 45.0),
        ("24h", 86400.0),
        ("86401s", None),
        ("30", None),
        ("m", None),
        ("-5m", None),
        ("30m please", None),
        ("99999999999h", None),
        ("", None),
    ],
)
def test_spans(text: str, span: float | None) -> None:
    """A span is hours, minutes and seconds in that order, up to a day."""
    assert chat.parse_span(text) == span


@pytest.mark.parametrize(
    ("command", "arguments", "asked"),
    [
        ("votes", (), Question.VOTES),
        ("top", (), Question.TOP),
        ("help", (), Question.HELP),
        ("mute", (("span", "1h30m"),), Mute(5400.0)),
        ("mute", (), Mute(None)),
        ("unmute", (), Order.UNMUTE),
        ("say-again", (), Order.SAY_AGAIN),
        ("reconnect", (), Order.RECONNECT),
        ("dance", (), None),
    ],
)
def test_slash_commands(
    command: str, arguments: tuple[tuple[str, str], ...], asked: object
) -> None:
    """They ask what the words behind a prefix ask."""
    ask = Ask(HERE, Author("7", "ann"), command, arguments, 1000.0)
    assert chat.asked(ask) == asked


def test_a_quick_look() -> None:
    """Most of what people say is left alone at once; where nothing is taken, all of it is."""
    assert not chat.may_ask(said("good evening, how are we"), RULES)
    assert chat.may_ask(said("good evening", private=True), RULES)
    assert chat.may_ask(said("c++"), RULES)
    assert chat.may_ask(said("  !votes"), RULES)
    assert chat.may_ask(said("NightCrier: votes"), RULES)
    silent = replace(RULES, votes=False, commands=False)
    assert not chat.may_ask(said("!votes thisgame++"), silent)
