"""What others say on IRC, and who they are: text, time, account, operators; what is replayed."""

from __future__ import annotations

import pytest
from irc_transcript import PLAIN, SIGN_ON, Play, machine

from adapters.irc.facts import Spoken
from adapters.irc.library import Features
from adapters.irc.ranks import MOST, Modes, Operators, signs


def play(script: str, *channels: str, **changes) -> Play:
    return Play(machine(*channels, **changes)).run(script)


def test_heard_lines_carry_what_the_network_knows():
    """Channel as configured, nick, account, bot tag, the server's time, text without codes."""
    played = play(
        PLAIN
        + """
        S: @time=2026-01-02T03:04:05.5Z;account=al;bot :al!a@h PRIVMSG #NIGHT :\x02this\x0fgame++
        S: :bob!b@h PRIVMSG nightcrier :hello
        S: :bob!b@h PRIVMSG #elsewhere :hello
        S: @time=yesterday :bob!b@h PRIVMSG #night :hi
        """
    )
    assert played.facts == [
        Spoken("#night", "al", "al", True, "thisgame++", 1767323045.5),
        Spoken(None, "bob", None, False, "hello", None),
        Spoken("#night", "bob", None, False, "hi", None),
    ]


def test_history_is_not_heard():
    """What a server replays of long ago in a batch is not said now."""
    played = play(
        PLAIN
        + """
        S: :irc.test BATCH +h chathistory #night
        S: @batch=h :bob!b@h PRIVMSG #night :long ago
        S: :irc.test BATCH -h
        S: :bob!b@h PRIVMSG #night :now
        """
    )
    assert [fact.text for fact in played.facts] == ["now"]


def test_history_without_a_batch_is_not_heard():
    """A line with a stamp from before we came is of long ago: in a channel from before our JOIN,
    in private from before the welcome. All stamps are the network's, so our clock is not asked."""
    played = play(
        """
        C: CAP LS 302
        C: NICK nightcrier
        C: USER crier 0 * :A crier
        S: @time=2026-01-02T20:00:00.000Z :irc.test 001 nightcrier :Welcome
        S: :irc.test 422 nightcrier :MOTD File is missing
        C: JOIN #night
        S: @time=2026-01-02T20:00:05.000Z :nightcrier!~crier@host.test JOIN #night
        C: MODE #night
        S: @time=2026-01-02T20:00:04.999Z :bob!b@h PRIVMSG #night :thisgame++
        S: @time=2026-01-02T19:59:59.000Z :bob!b@h PRIVMSG nightcrier :!votes
        S: @time=2026-01-02T19:59:59.000Z :bob!b@h PRIVMSG nightcrier :\x01VERSION\x01
        S: @time=2026-01-02T20:00:06.000Z :bob!b@h PRIVMSG #night :now
        S: @time=2026-01-02T20:00:03.000Z :bob!b@h PRIVMSG nightcrier :and to you
        S: :bob!b@h PRIVMSG #night :without a stamp
        """
    )
    assert [fact.text for fact in played.facts] == ["now", "and to you", "without a stamp"]


def test_doing_is_saying():
    """/me votes as well as anybody; the CTCP around it is not part of the text."""
    played = play(PLAIN + "S: :bob!b@h PRIVMSG #night :\x01ACTION likes it, thisgame++\x01")
    assert [fact.text for fact in played.facts] == ["likes it, thisgame++"]


@pytest.mark.parametrize("tag", ["bot", "draft/bot", "inspircd.org/bot"])
def test_bots_are_known_by_their_tag(tag):
    """The tag of bot mode, by any of its names, marks a line as a bot's."""
    played = play(PLAIN + f"S: @{tag} :relay!r@h PRIVMSG #night :thisgame++")
    assert [fact.is_bot for fact in played.facts] == [True]


# --- operators ----------------------------------------------------------------------------


def rulers(played: Play, *nicks: str, channel: str = "#night") -> list[str]:
    channels = played.machine.channels
    return [nick for nick in nicks if channels.rules(nick, channels.find(channel))]


NAMED = PLAIN + "S: :irc.test 353 nightcrier = #night :nightcrier @jo +vic %hal bob\n"


def test_operators_are_known_by_names():
    """@ in the reply to NAMES makes an operator; + and % do not, nor does being asked in another
    spelling of the channel."""
    played = play(NAMED + "S: :irc.test 353 nightcrier = #NIGHT :@Al")
    assert rulers(played, "jo", "JO", "vic", "hal", "bob", "al") == ["jo", "JO", "al"]


def test_operators_are_reported():
    """What an operator says is marked, in the channel and in private; what others say is not."""
    played = play(
        NAMED
        + """
        S: :jo!j@h PRIVMSG #night :!mute
        S: :bob!b@h PRIVMSG #night :!mute
        S: :Jo!j@h PRIVMSG nightcrier :!mute
        """
    )
    assert [fact.rules for fact in played.facts] == [True, False, True]


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        ("MODE #night +o bob", ["jo", "bob"]),
        ("MODE #night -o jo", []),
        ("MODE #night +ov-o bob vic jo", ["bob"]),
        ("MODE #night +klo key 50 bob", ["jo", "bob"]),
        ("MODE #night -lo+b jo *!*@spam", []),
        ("MODE #night +v bob", ["jo"]),
        ("MODE #night +bo bob", ["jo"]),
        ("MODE #night +o", ["jo"]),
        ("MODE #elsewhere +o bob", ["jo"]),
        ("MODE #night -o nobody", ["jo"]),
        ("KICK #night jo", []),
        ("KICK #elsewhere jo", ["jo"]),
    ],
)
def test_modes_make_and_unmake_operators(lines, left):
    """MODE gives and takes, with the parameters of other letters in between; a kick takes."""
    played = play(NAMED + f"S: :irc.test {lines}")
    assert rulers(played, "jo", "bob", "vic") == left


@pytest.mark.parametrize(
    ("line", "left"),
    [
        (":jo!j@h NICK :bob", ["bob"]),
        (":bob!j@h NICK :jo2", ["jo"]),
        (":jo!j@h QUIT :irc.one irc.two", []),
        (":jo!j@h PART #night", []),
        (":jo!j@h PART #elsewhere", ["jo"]),
        (":nightcrier!~crier@host.test JOIN #night", []),
    ],
)
def test_operators_that_leave(line, left):
    """A nick that is free again is nobody's operator, a new nick of an operator is; after a JOIN of
    ours only the new list counts."""
    played = Play(machine()).run(NAMED)
    played.machine.receive(line, 0.0)
    assert rulers(played, "jo", "bob") == left


def test_prefixes_of_the_server():
    """With PREFIX=(qaohv)~&@%+ owners and admins rule too, each until the last of their signs is
    gone; CHANMODES tells which letters have parameters."""
    played = play(
        SIGN_ON.replace(
            "S: :irc.test 422",
            "S: :irc.test 005 nightcrier PREFIX=(qaohv)~&@%+ CHANMODES=Ibeg,k,JLl,S :are\n"
            "S: :irc.test 422",
        )
        + """
        C: JOIN #night
        S: :nightcrier!~crier@host.test JOIN #night
        C: MODE #night
        S: :irc.test 353 nightcrier = #night :~@own &adm @op %half +voice
        """
    )
    everybody = ("own", "adm", "op", "half", "voice")
    assert rulers(played, *everybody) == ["own", "adm", "op"]
    played.run("S: :op!o@h MODE #night -oJ+J-a own 5:5 adm")
    assert rulers(played, *everybody) == ["own", "op"]


@pytest.mark.parametrize(
    "feature",
    [
        "PREFIX=(ov",
        "PREFIX=ov@+",
        "PREFIX=(ov)",
        "PREFIX=(ov)@)",
        "CHANMODES=b,k",
        "CHANMODES=é,k,l,i",
    ],
)
def test_odd_prefixes_change_nothing(feature):
    """ISUPPORT that makes no sense leaves @ and + as they always were."""
    features = Features()
    features.load(["n", feature, "are supported"])
    assert features.modes == Modes()


def test_no_operator_letter_no_operators():
    """Where no prefix is an operator's, nobody is one."""
    assert Modes({"+": "v"}).ruling == ""
    assert signs("@+bob", Modes()) == ("ov", "bob")
    assert signs("+", Modes()) == ("v", "")


def test_operators_are_bounded():
    """A channel of endless operators costs bounded memory; those known keep what they have."""
    held = Operators()
    for number in range(MOST + 50):
        held.give(f"n{number}", "o")
    assert f"n{MOST}" not in held
    held.give("n0", "q")
    held.take("n0", "o")
    assert "n0" in held
    held.take("nobody", "o")
    held.renamed("nobody", "somebody")
    assert "somebody" not in held
