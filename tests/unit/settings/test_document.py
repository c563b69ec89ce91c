"""The dialect of the file is that of configparser, but with lines."""

import configparser
import string

from hypothesis import example, given
from hypothesis import strategies as st

from isp_addons.settings import load
from isp_addons.settings.document import read

NAMES = st.text(string.ascii_letters + "_-", min_size=1, max_size=8)
VALUES = st.text(string.ascii_letters + string.digits + "=#;:%${}[]/é Ж", max_size=12)
LINES = st.one_of(
    st.just(""),
    st.sampled_from(["# comment = 1", ";[comment]", "   # indented"]),
    NAMES.map("[{}]".format),
    st.builds("{}{}{}={}{}".format, st.sampled_from(["", "  ", "\t"]), NAMES, st.sampled_from(["", " "]), st.just(" "), VALUES),
    st.builds("    {}".format, VALUES),
)


@example("[first]\na = 1\n# ends the value\n  b = 2\n")
@example("[first]\na = 1\n\n  b = 2\n")
@example("[first]\n  a = 1\n  b = 2\n    goes on = 3\n")
@given(st.lists(LINES, max_size=12).map(lambda lines: "\n".join(["[first]", *lines])))
def test_what_configparser_reads_is_read_alike(tmp_path_factory, text):
    theirs = configparser.RawConfigParser(
        delimiters=("=",), empty_lines_in_values=False, default_section="(none)", allow_no_value=False
    )
    path = tmp_path_factory.getbasetemp() / "alike.ini"
    path.write_text(text, encoding="utf-8")
    document, problems = read(path)
    try:
        theirs.read_string(text)
    except configparser.Error:
        return
    problems.raise_all()
    ours = {name: {option: entry.value for option, entry in block.entries.items()} for name, block in document.blocks.items()}
    assert ours == {name: dict(theirs.items(name)) for name in theirs.sections()}


def test_comments_stand_alone_and_values_keep_their_signs(write):
    path = write("; one\n  # two\n[database]\n[billing]\nadapter = ledger\n[vendor:a]\nplugin = p\nkey = a # b; %(c)s = d\n")
    assert load(path).vendors["a"].options == {"key": "a # b; %(c)s = d"}


def test_a_plugins_option_may_go_on_in_deeper_lines(write):
    path = write("[database]\n[billing]\nadapter = ledger\n[vendor:a]\nplugin = p\nkey = one\n  two\nother = three\n")
    assert load(path).vendors["a"].options == {"key": "one\ntwo", "other": "three"}


def test_a_file_written_on_windows_is_read(tmp_path):
    path = tmp_path / "isp-addons.ini"
    path.write_bytes("\ufeff[database]\r\n[billing]\r\nadapter = ledger\r\n".encode())
    assert load(path).billing.adapter == "ledger"
